import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What happens to bytes on the connections that are open. */
type Flow = 'both' | 'neither' | 'stalled';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  flow: Flow;
}

/** How often bytes go on over a slow network. */
const TICK_MS = 50;

/** The network between clients and a node: its address stays while nodes come and go behind it. */
export class TcpProxy {
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  /** Port of the node; nobody answers while it is undefined. */
  target: number | undefined;
  /** Bytes a second that go on in each direction of each connection that is opened from now on. */
  bytesPerSecond = Infinity;
  /** How late bytes come out that come in from now on, in ms, each way. */
  delayMs = 0;

  private constructor() {
    this.#server = createServer((client) => this.#accept(client));
  }

  static async listen(target?: number): Promise<TcpProxy> {
    const proxy = new TcpProxy();
    proxy.target = target;
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** Every connection breaks, as when a router restarts. Returns how many. */
  cut(): number {
    const pairs = [...this.#pairs];
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    // At once, so that `open` counts none but those that came back.
    this.#pairs.clear();
    return pairs.length;
  }

  /** Half-open: bytes of the connections that are open vanish both ways, and neither side hears of the other's end. */
  swallow(): number {
    return this.#turn('neither');
  }

  /** The clients of the connections that are open take nothing any more, until {@link flow}. */
  stall(): number {
    return this.#turn('stalled');
  }

  flow(): number {
    return this.#turn('both');
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #turn(flow: Flow): number {
    for (const pair of this.#pairs) {
      pair.flow = flow;
      if (flow === 'stalled') pair.server.pause();
      else pair.server.resume();
    }
    return this.#pairs.size;
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.target === undefined) {
      client.destroy();
      return;
    }
    const pair: Pair = { client, server: connect(this.target, '127.0.0.1'), flow: 'both' };
    pair.server.on('error', () => {});
    client.setNoDelay(true);
    pair.server.setNoDelay(true);
    this.#pairs.add(pair);
    const { bytesPerSecond } = this;
    for (const [from, to] of [
      [client, pair.server],
      [pair.server, client],
    ] as const) {
      if (bytesPerSecond === Infinity) this.#forward(pair, from, to);
      else this.#trickle(pair, { from, to, bytesPerSecond });
    }
  }

  /** No more is read than was passed on, so that the sender's own buffers fill up as on a slow network. */
  #trickle(pair: Pair, { from, to, bytesPerSecond }: { from: Socket; to: Socket; bytesPerSecond: number }): void {
    const perTick = Math.max(1, Math.floor((bytesPerSecond * TICK_MS) / 1_000));
    let waiting: Buffer = Buffer.alloc(0);
    const timer = setInterval(() => {
      to.write(waiting.subarray(0, perTick));
      waiting = waiting.subarray(perTick);
      if (waiting.length < perTick && pair.flow === 'both') from.resume();
    }, TICK_MS);
    from.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      from.pause();
    });
    from.once('close', () => {
      clearInterval(timer);
      this.#pairs.delete(pair);
      to.destroy();
    });
  }

  #forward(pair: Pair, from: Socket, to: Socket): void {
    let lastDueAt = 0;
    const write = (chunk: Buffer): void => {
      if (pair.flow === 'neither' || to.destroyed || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => {
        if (pair.flow !== 'stalled') from.resume();
      });
    };
    from.on('data', (chunk: Buffer) => {
      const now = performance.now();
      const dueAt = Math.max(now + this.delayMs, lastDueAt);
      if (dueAt <= now) return write(chunk);
      lastDueAt = dueAt;
      setTimeout(() => write(chunk), dueAt - now);
    });
    from.once('close', () => {
      if (to.destroyed) this.#pairs.delete(pair);
      else if (pair.flow !== 'neither') to.destroy();
    });
  }
}
