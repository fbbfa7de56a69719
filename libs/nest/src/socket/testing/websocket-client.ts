import { connect, type Socket } from 'node:net';

/** What the other side did next: a message, or `closed`. */
export type Next = string | Buffer;

const CLOSED = 'closed';
const OPCODE = { text: 1, binary: 2, close: 8 } as const;

/** A websocket of bytes, which says whatever a test wants said, and hides nothing of what comes back. */
export class WebsocketClient {
  /** The head of the answer to the handshake. */
  head = '';
  readonly #socket: Socket;
  readonly #messages: Next[] = [];
  #rest = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.#tell(CLOSED));
  }

  /** When the answer to the handshake is there, whatever it says. */
  static async open(port: number, path: string, headers: readonly string[] = []): Promise<WebsocketClient> {
    const client = new WebsocketClient(port);
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: neighbour.example',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    ];
    client.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    while (client.head === '' && !client.#messages.includes(CLOSED)) await client.#more();
    return client;
  }

  /** Of the answer to the handshake; 0 when there was none. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.head)?.[1] ?? 0);
  }

  async next(): Promise<Next> {
    while (this.#messages.length === 0) await this.#more();
    return this.#messages[0] === CLOSED ? CLOSED : this.#messages.shift()!;
  }

  /** The same without the pings of Engine.IO, which are answered. */
  async said(): Promise<Next> {
    for (;;) {
      const next = await this.next();
      if (next !== '2') return next;
      this.send('3');
    }
  }

  send(message: string | Buffer): void {
    const body = Buffer.from(message as string);
    const opcode = typeof message === 'string' ? OPCODE.text : OPCODE.binary;
    const short = body.length < 126;
    const header = Buffer.alloc(short ? 6 : 8);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | (short ? body.length : 126);
    if (!short) header.writeUInt16BE(body.length, 2);
    // The mask is zero: the body is sent as it is.
    this.#socket.write(Buffer.concat([header, body]));
  }

  end(): void {
    this.#socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #tell(message: Next): void {
    this.#messages.push(message);
    this.#wake();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (this.head === '') {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.#rest.subarray(0, end).toString('latin1');
      this.#rest = this.#rest.subarray(end + 4);
      this.#wake();
    }
    if (this.status === 101) while (this.#readFrame());
  }

  #readFrame(): boolean {
    const rest = this.#rest;
    if (rest.length < 2) return false;
    const short = rest[1]! & 0x7f;
    const start = short === 126 ? 4 : 2;
    if (short === 127 || rest.length < start) return false;
    const end = start + (short === 126 ? rest.readUInt16BE(2) : short);
    if (rest.length < end) return false;
    const body = rest.subarray(start, end);
    this.#rest = rest.subarray(end);
    const opcode = rest[0]! & 0x0f;
    if (opcode === OPCODE.close) this.#socket.end();
    else this.#tell(opcode === OPCODE.text ? body.toString() : Buffer.from(body));
    return true;
  }
}
