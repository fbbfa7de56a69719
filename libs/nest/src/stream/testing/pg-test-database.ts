import { randomUUID } from 'node:crypto';
import { PgDatabase } from '../pg/pg-database.js';

export const testTimes = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };

/** A database of its own on the server that the environment names, for one file of tests. */
export class PgTestDatabase {
  private constructor(
    readonly url: string,
    private readonly name: string,
    private readonly admin: PgDatabase,
  ) {}

  /** @throws Error without a server: a test that needs one never passes by not running. */
  static async create(serverUrl: string | undefined): Promise<PgTestDatabase> {
    if (!serverUrl) throw new Error('This test needs a PostgreSQL server: set DATABASE_URL');
    const admin = new PgDatabase({ connectionString: serverUrl, maxConnections: 1 }, testTimes);
    const name = `millrace_${randomUUID().replaceAll('-', '')}`;
    await admin.query(`create database ${name}`, []);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    return new PgTestDatabase(url.href, name, admin);
  }

  connect(more: { readonly maxConnections?: number; readonly user?: string } = {}): PgDatabase {
    const url = new URL(this.url);
    if (more.user !== undefined) {
      url.username = more.user;
      url.password = more.user;
    }
    return new PgDatabase({ connectionString: url.href, maxConnections: more.maxConnections ?? 5 }, testTimes);
  }

  async drop(): Promise<void> {
    await this.admin.query(`drop database ${this.name} with (force)`, []);
    await this.admin.stop();
  }
}
