import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { serviceAddress } from './service-address.js';

export interface FreshDatabase {
  readonly url: string;
  /** Removes the database, and ends connections that the test still holds on it. */
  drop(): Promise<void>;
}

/** A new, empty database on the test server: one for each file, so that files can run side by side. */
export async function createDatabase(): Promise<FreshDatabase> {
  const server = serviceAddress('DATABASE_URL');
  const name = `millrace_test_${randomBytes(6).toString('hex')}`;
  await execute(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(server, `drop database ${name} with (force)`) };
}

/**
 * Connections for a test's own statements. Those that are cut, or are still on their way out when their database is
 * dropped by force, tell it as an error, which would end the test run if nobody listened.
 */
export function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 4 });
  pool.on('error', () => {});
  return pool;
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
