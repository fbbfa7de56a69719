import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Crowd, Side } from './crowd.js';
import { Remote } from './remote.js';
import type { BenchServer } from './servers/bench-server.js';
import type { FairnessServer } from './servers/fairness.js';
import type { Visitor } from './visitor.js';

/** One server and its clients, each in a process of its own. */
export interface Party {
  readonly server: Remote<BenchServer>;
  readonly url: string;
  readonly crowd: Remote<Crowd>;
}

const TABLES = `create table bench_order (n int not null);
create table bench_event (seq bigserial primary key, id text not null, type text not null, data text not null)`;

/** The processes and the database of one figure. */
export class BenchStage {
  readonly #remotes: { stop(): Promise<void> }[] = [];

  private constructor(
    private readonly admin: string,
    private readonly database: URL,
    readonly sql: pg.Pool,
  ) {}

  static async set(): Promise<BenchStage> {
    const admin = process.env['DATABASE_URL'] ?? '';
    const database = new URL(admin);
    database.pathname = `/millrace_bench_${randomBytes(6).toString('hex')}`;
    await execute(admin, `create database ${database.pathname.slice(1)}`);
    const sql = new pg.Pool({ connectionString: database.href, max: 1 });
    // One that is still on its way out when the database is dropped.
    sql.on('error', () => {});
    await sql.query(TABLES);
    return new BenchStage(admin, database, sql);
  }

  async server(side: Side): Promise<Pick<Party, 'server' | 'url'>> {
    const env = { BENCH_DATABASE_URL: this.database.href };
    const server = await Remote.start<BenchServer>(`servers/${side}`, env, ['--expose-gc', ...profiling(side)]);
    this.#remotes.push(server);
    return { server, url: await server.call('url') };
  }

  async crowd(): Promise<Remote<Crowd>> {
    const crowd = await Remote.start<Crowd>('crowd');
    this.#remotes.push(crowd);
    return crowd;
  }

  /** A server for the figure of fairness alone, and where it listens. */
  async fairnessServer(): Promise<string> {
    const env = { BENCH_DATABASE_URL: this.database.href };
    const server = await Remote.start<FairnessServer>('servers/fairness', env, profiling('millrace'));
    this.#remotes.push(server);
    return server.call('url');
  }

  async visitor(): Promise<Remote<Visitor>> {
    const visitor = await Remote.start<Visitor>('visitor');
    this.#remotes.push(visitor);
    return visitor;
  }

  async party(side: Side): Promise<Party> {
    return { ...(await this.server(side)), crowd: await this.crowd() };
  }

  async clear(): Promise<void> {
    await Promise.all(this.#remotes.map((remote) => remote.stop()));
    await this.sql.end();
    await execute(this.admin, `drop database ${this.database.pathname.slice(1)} with (force)`);
  }
}

/** `--profile DIR` writes a CPU profile of each server there. */
function profiling(side: Side): string[] {
  const folder = process.env['BENCH_PROFILES'];
  return folder === undefined
    ? []
    : ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${side}-${Date.now()}.cpuprofile`];
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(sql);
  await client.end();
}
