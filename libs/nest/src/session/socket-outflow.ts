import type { Socket as TcpSocket } from 'node:net';
import type { Socket } from 'socket.io';

/** Engine.IO's packets that the transport has not taken yet. Its types call the list private. */
interface WithWriteBuffer {
  readonly writeBuffer: readonly { readonly data?: string | { readonly byteLength: number } }[];
}

/** libuv's share of the bytes that Node has handed over; Node keeps its handle to itself. */
interface WithHandle {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/**
 * What waits on the way out to one client. While a client takes nothing, one batch of packets sits below the websocket
 * and all later ones in Engine.IO's buffer, which has no bound of its own.
 */
export class SocketOutflow {
  readonly #conn: Socket['conn'];
  readonly #tcp: TcpSocket;

  constructor(socket: Socket) {
    this.#conn = socket.conn;
    this.#tcp = socket.conn.request.socket;
  }

  /** Text is counted in characters: exact for what is mostly ASCII, and as cheap as a look must be. */
  get waitingBytes(): number {
    let bytes = this.#tcp.writableLength;
    for (const { data } of (this.#conn as unknown as WithWriteBuffer).writeBuffer) {
      bytes += typeof data === 'string' ? data.length : (data?.byteLength ?? 0);
    }
    return bytes;
  }

  /**
   * A number that stays the same as long as the client takes nothing. Without libuv's queue a large batch would look
   * stalled until its last byte is gone.
   */
  get progress(): number {
    return this.#tcp.bytesWritten - this.#tcp.writableLength - this.#queued;
  }

  /** Whether the kernel's buffer is full: what it takes then, the client has made room for. */
  get isBackedUp(): boolean {
    return this.#queued > 0;
  }

  /** Whether Engine.IO still uses the connection; another namespace may live on it. */
  get isOpen(): boolean {
    return this.#conn.readyState === 'open';
  }

  get #queued(): number {
    return (this.#tcp as unknown as WithHandle)._handle?.writeQueueSize ?? 0;
  }

  /** Ends the connection with what is not sent yet. An orderly close waits for a client that may never read. */
  destroy(): void {
    this.#tcp.destroy();
  }
}
