import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

const ASK_INTERVAL_MS = 500;

interface Target {
  readonly port: number;
  readonly readiness: () => Promise<number>;
}

interface Place extends Target {
  isReady: boolean;
  connections: number;
  /** In all. */
  given: number;
}

/**
 * A load balancer in this process, which gives each connection to the ready node with the fewest, and each one another
 * source address, as clients in different places have.
 */
export class LeastConnections {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #asking: NodeJS.Timeout | undefined;
  #drawn = 0;

  private constructor(private readonly places: readonly Place[]) {
    this.#server = createServer((client) => this.#give(client));
  }

  static async before(targets: readonly Target[]): Promise<LeastConnections> {
    const balancer = new LeastConnections(
      targets.map((target) => ({ ...target, isReady: true, connections: 0, given: 0 })),
    );
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve));
    balancer.#asking = setInterval(() => void balancer.#ask(), ASK_INTERVAL_MS);
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections each node was given. */
  get given(): readonly number[] {
    return this.places.map(({ given }) => given);
  }

  async close(): Promise<void> {
    clearInterval(this.#asking);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #ask(): Promise<void> {
    await Promise.all(
      this.places.map(async (place) => {
        place.isReady = (await place.readiness().catch(() => 0)) === 200;
      }),
    );
  }

  #give(client: Socket): void {
    const ready = this.places.filter(({ isReady }) => isReady);
    const place = ready.toSorted((a, b) => a.connections - b.connections || a.given - b.given)[0];
    if (!place) return void client.destroy();
    place.connections++;
    place.given++;
    const localAddress = `127.0.1.${(this.#drawn++ % 200) + 1}`;
    const node = connect({ port: place.port, host: '127.0.0.1', localAddress });
    client.once('close', () => place.connections--);
    for (const [from, to] of [
      [client, node],
      [node, client],
    ] as const) {
      this.#sockets.add(from);
      from.once('close', () => (this.#sockets.delete(from), to.destroy()));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  }
}
