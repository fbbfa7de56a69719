import { randomInt } from 'node:crypto';
import { createClient, type Client } from '@millrace/client';
import type pg from 'pg';
import { startBreakable, type Breakable } from '../../../tools/services/breakable.mjs';
import type { NotesConfig } from '../../apps/notes/notes.config.js';
import { LoadBalancer } from '../../e2e/support/load-balancer.js';
import { NotesNode } from '../../e2e/support/notes-node.js';
import { newSecret, signToken } from '../../e2e/support/tokens.js';
import { openPool } from '../../support/fresh-database.js';
import { NodeCounts } from './node-counts.js';

const NODES = 3;

interface Servers {
  readonly postgres: Breakable;
  /** Missing: the nodes follow the log in PostgreSQL. */
  readonly redis: Breakable | undefined;
}

interface Place {
  readonly port: number;
  node: NotesNode;
}

/** Three nodes behind the load balancer as it is shipped, on servers of their own, all of which a test may break. */
export class Cluster {
  readonly counts = new NodeCounts();
  readonly sql: pg.Pool;
  readonly #secret: string;
  readonly #clients: Client[] = [];

  private constructor(
    readonly servers: Servers,
    private readonly config: Omit<NotesConfig, 'port'>,
    private readonly places: readonly Place[],
    readonly balancer: LoadBalancer,
  ) {
    this.#secret = config.secret;
    this.sql = openPool(servers.postgres.url);
  }

  static async start({ withRedis }: { readonly withRedis: boolean }): Promise<Cluster> {
    const servers = {
      postgres: await startBreakable('postgres'),
      redis: withRedis ? await startBreakable('redis') : undefined,
    };
    const config = {
      databaseUrl: servers.postgres.url,
      ...(servers.redis && { redis: { url: servers.redis.url } }),
      secret: newSecret(),
      options: { session: { framesPerSecond: 200 } },
    };
    const places = await Promise.all(Array.from({ length: NODES }, () => startSomewhere(config)));
    const balancer = await LoadBalancer.start(places.map(({ port }) => port));
    return new Cluster(servers, config, places, balancer);
  }

  /** Kills a node without a word, and returns the way to start another one in its place. */
  async killNode(index: number): Promise<() => Promise<void>> {
    const place = this.places[index % NODES]!;
    await this.counts.leave(place.node);
    await place.node.kill();
    return async () => {
      place.node = await NotesNode.start({ ...this.config, port: place.port });
    };
  }

  client(subject: string): Client {
    let kept: Promise<string> | undefined;
    const token = () => (kept ??= signToken(this.#secret, subject));
    const client = createClient({ url: this.balancer.url, token, minBackoffMs: 50, maxBackoffMs: 400 });
    this.#clients.push(client);
    return client;
  }

  /** What the nodes counted, those that were killed included. */
  async total(): Promise<ReturnType<NodeCounts['total']>> {
    for (const { node } of this.places) await this.counts.leave(node);
    return this.counts.total();
  }

  /** Rejects when a node ended without being told to. */
  async stop(): Promise<void> {
    const crashes = this.places.flatMap(({ node }) => node.crash ?? []);
    for (const client of this.#clients) client.close();
    await Promise.all(this.places.map(({ node }) => node.kill()));
    await Promise.all([this.balancer.stop(), this.sql.end()]);
    await Promise.all([this.servers.postgres.stop(), this.servers.redis?.stop()]);
    if (crashes.length > 0) throw new Error(`A node crashed: ${crashes.join()}`);
  }
}

/** On a port that it can have again: below those that outgoing connections get. */
async function startSomewhere(config: Omit<NotesConfig, 'port'>): Promise<Place> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(20_000, 30_000);
    try {
      return { port, node: await NotesNode.start({ ...config, port }) };
    } catch (error) {
      if (attempt === 3 || !String(error).includes('EADDRINUSE')) throw error;
    }
  }
}
