import { connect, type Socket } from 'node:net';

const WHOLE_TEXT = 0x81;

function websocketFrame(firstByte: number, text: string): Buffer {
  const body = Buffer.from(text);
  const short = body.length < 126;
  const header = Buffer.alloc(short ? 6 : 8);
  header[0] = firstByte;
  header[1] = 0x80 | (short ? body.length : 126);
  if (!short) header.writeUInt16BE(body.length, 2);
  // The mask is zero: the body is sent as it is.
  return Buffer.concat([header, body]);
}

/** A client of bytes: it can ask what no library would, and it can stop to read. */
export class RawClient {
  received = '';
  isClosed = false;
  readonly #socket: Socket;

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => (this.isClosed = true));
  }

  /** Upgraded to a websocket of Engine.IO, in no namespace yet. */
  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    client.#socket.write(
      [
        'GET /realtime/?EIO=4&transport=websocket HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        '',
        '',
      ].join('\r\n'),
    );
    await client.until('"sid"');
    return client;
  }

  /** One text message: an Engine.IO packet. */
  send(text: string): void {
    this.#socket.write(websocketFrame(WHOLE_TEXT, text));
  }

  /** Many frames of a websocket at once, each with this first byte. */
  flood(firstByte: number, text: string, times: number): void {
    const frame = websocketFrame(firstByte, text);
    this.#socket.write(Buffer.concat(Array.from({ length: times }, () => frame)));
  }

  async until(text: string): Promise<void> {
    for (let turn = 0; !this.received.includes(text) && turn < 2_000; turn++) {
      if (this.isClosed) break;
      await new Promise((resolve) => setImmediate(resolve));
      if (turn > 100) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (!this.received.includes(text)) throw new Error(`"${text}" did not come; ${this.received.slice(-200)} did`);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Reads this much in all, and no more. */
  async read(bytes: number): Promise<void> {
    const end = this.received.length + bytes;
    this.#socket.resume();
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.received.length < end) return;
        this.#socket.pause();
        this.#socket.off('data', check);
        resolve();
      };
      this.#socket.on('data', check);
    });
  }

  end(): void {
    this.#socket.destroy();
  }
}
