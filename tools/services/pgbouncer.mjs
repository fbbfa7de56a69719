import { existsSync } from 'node:fs';
import pg from 'pg';
import { inPath } from '../process/workspace.mjs';
import { startGuarded } from './guarded.mjs';
import { insteadOfRoot } from './system-user.mjs';

/** Debian keeps it where only root's PATH leads. */
const debian = '/usr/sbin/pgbouncer';

/** PgBouncer in transaction mode, before the database of the tests. */
export const pgbouncer = {
  name: 'pgbouncer',
  wanted: 'PgBouncer 1.18 or newer: package "pgbouncer" of apt, dnf or brew (or set PGBOUNCER_URL)',
  packages: ['pgbouncer'],
  needs: ['postgres'],

  find() {
    if (process.env.PGBOUNCER_URL) return () => given(process.env.PGBOUNCER_URL);
    const binary = [...inPath('pgbouncer'), debian].find(existsSync);
    return binary && (({ DATABASE_URL }) => startInstalled(binary, new URL(DATABASE_URL)));
  },
};

async function given(url) {
  try {
    await probe(url);
  } catch (cause) {
    throw new Error(`PGBOUNCER_URL is set, but: ${cause.message}`, { cause });
  }
  return { env: { PGBOUNCER_URL: url }, stop: async () => {} };
}

async function startInstalled(binary, server) {
  const address = (port) => Object.assign(new URL(server), { host: `127.0.0.1:${port}` }).href;
  const { port, stop } = await startGuarded({
    name: 'pgbouncer',
    user: insteadOfRoot('PgBouncer', 'postgres'),
    probe: (tried) => probe(address(tried)),
    commands: ({ port: own }) => ({
      // Passwords go through files, since the arguments of a process are public.
      files: { 'users.txt': `${userLine(server)}\n`, 'pgbouncer.ini': settings(server, own) },
      serve: [binary, 'pgbouncer.ini'],
    }),
  });
  return { env: { PGBOUNCER_URL: address(port) }, stop };
}

/** The wildcard lets every database that a test makes be reached; few server connections make clients share them. */
const settings = (server, port) => `[databases]
* = host=${server.hostname} port=${server.port || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = ${server.password ? 'scram-sha-256' : 'trust'}
auth_file = users.txt
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
`;

function userLine({ username, password }) {
  const quoted = (word) => `"${decodeURIComponent(word).replaceAll('"', '""')}"`;
  return `${quoted(username)} ${quoted(password)}`;
}

async function probe(connectionString) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => {});
  }
}
