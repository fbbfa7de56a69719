import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { inPath } from '../process/workspace.mjs';
import { dockerUsable, inDocker } from './docker.mjs';
import { startGuarded } from './guarded.mjs';
import { insteadOfRoot } from './system-user.mjs';

const oldestMajor = 15;
const initdbOptions = '-D data -U postgres -A scram-sha-256 --pwfile password --encoding UTF8 --locale C --no-sync';
const settings = ['max_connections=200', 'shared_buffers=128MB', 'fsync=on'].flatMap((setting) => ['-c', setting]);

export const postgres = {
  name: 'postgres',
  wanted: `PostgreSQL ${oldestMajor} or newer (or set DATABASE_URL)`,
  packages: ['postgresql'],

  /** How to get a database here, or undefined: then packages must be installed first. */
  find() {
    if (process.env.DATABASE_URL) return () => given(process.env.DATABASE_URL);
    return this.findInstalled() ?? (dockerUsable() ? startContainer : undefined);
  },

  findInstalled() {
    const folder = newestInstalled();
    return folder && (() => startInstalled(folder));
  },
};

async function given(url) {
  try {
    await probe(url);
  } catch (cause) {
    throw new Error(`DATABASE_URL is set, but: ${cause.message}`, { cause });
  }
  return { env: { DATABASE_URL: url, ...psqlOf() }, stop: async () => {} };
}

/** The command line client: beside the server, or of the system. One that is named already stays. */
function psqlOf(binaries) {
  const path =
    process.env.PSQL_PATH ?? [...(binaries ? [join(binaries, 'psql')] : []), ...inPath('psql')].find(existsSync);
  return path && { PSQL_PATH: path };
}

async function startInstalled(binaries) {
  const password = randomBytes(12).toString('hex');
  const url = (port) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const guarded = await startGuarded({
    name: 'postgres',
    user: insteadOfRoot('PostgreSQL', 'postgres'),
    probe: (tried) => probe(url(tried)),
    commands: ({ folder, port: own }) => ({
      // Other users of this machine can reach the port: without a password they would be superuser of a server that
      // runs programs as us. It goes through a file, since the arguments of a process are public too.
      files: { password },
      prepare: [[join(binaries, 'initdb'), ...initdbOptions.split(' ')]],
      serve: [join(binaries, 'postgres'), ...`-D data -h 127.0.0.1 -p ${own}`.split(' '), '-k', folder, ...settings],
    }),
  });
  return { ...guarded, env: { DATABASE_URL: url(guarded.port), ...psqlOf(binaries) } };
}

async function startContainer() {
  const password = randomBytes(12).toString('hex');
  const url = (port) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const { port, stop } = await startGuarded({
    name: 'postgres',
    probe: (tried) => probe(url(tried)),
    commands: ({ port: own }) =>
      inDocker({
        image: 'postgres:17-alpine',
        publish: `127.0.0.1:${own}:5432`,
        env: { POSTGRES_PASSWORD: password },
        args: settings,
      }),
  });
  return { env: { DATABASE_URL: url(port), ...psqlOf() }, stop };
}

async function probe(connectionString) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('show server_version_num');
    const version = Number(rows[0].server_version_num);
    if (version < oldestMajor * 10_000) throw new Error(`PostgreSQL ${oldestMajor} or newer is needed, not ${version}`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Debian keeps the server's programs out of PATH, a folder for each major version. */
function newestInstalled() {
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...inPath('postgres').map((file) => dirname(file)),
    ...(existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []),
  ];
  return folders
    .filter((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')))
    .map((folder) => ({ folder, major: majorOf(join(folder, 'postgres')) }))
    .filter(({ major }) => major >= oldestMajor)
    .toSorted((one, other) => other.major - one.major)[0]?.folder;
}

function majorOf(binary) {
  const banner = execFileSync(binary, ['--version'], { encoding: 'utf8' });
  return Number(/(\d+)/.exec(banner)?.[1] ?? 0);
}
