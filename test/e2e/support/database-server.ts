import pg from 'pg';
import type { FreshDatabase } from '../../support/fresh-database.js';
import { serviceAddress } from '../../support/service-address.js';

/** What the administrator of a server does to one of its databases, over a connection to another one. */
export class DatabaseServer {
  private constructor(
    private readonly client: pg.Client,
    private readonly database: string,
  ) {}

  static async of(database: FreshDatabase): Promise<DatabaseServer> {
    const client = new pg.Client({ connectionString: serviceAddress('DATABASE_URL') });
    await client.connect();
    return new DatabaseServer(client, new URL(database.url).pathname.slice(1));
  }

  /** Cuts the connections of nodes that there are. Returns how many. */
  async cut(): Promise<number> {
    const { rowCount } = await this.client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = 'millrace'`,
      [this.database],
    );
    return rowCount ?? 0;
  }

  async allowConnections(allowed: boolean): Promise<void> {
    await this.client.query(`alter database ${this.database} allow_connections ${String(allowed)}`);
  }

  /** For connections that are made from now on: `set lock_timeout = '1s'`, `reset lock_timeout`. */
  async alter(change: string): Promise<void> {
    await this.client.query(`alter database ${this.database} ${change}`);
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
