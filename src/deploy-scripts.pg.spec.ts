import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from './app.module.js';
import { readAppConfig } from './config/app.config.js';
import { startBreakable } from '../test/support/breakable.js';

const run = promisify(execFile);
const script = 'deploy/postgres.sh';

/** What `docker-compose.yml` mounts into the image of PostgreSQL, against a server of its own: its role is the cluster's. */
describe('deploy/postgres.sh', () => {
  const password = `it's ${randomBytes(8).toString('hex')} "quoted"`;
  let server: Awaited<ReturnType<typeof startBreakable>>;
  let admin: pg.Client;
  let app: pg.Client;

  beforeAll(async () => {
    server = await startBreakable('postgres');
    admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query('create database millrace');
    const { hostname, port, password: own } = new URL(server.url);
    const env = { PGHOST: hostname, PGPORT: port, PGPASSWORD: own, POSTGRES_USER: 'postgres', POSTGRES_DB: 'millrace' };
    await run('sh', [script], { env: { ...process.env, ...env, DATABASE_PASSWORD: password } });
    app = new pg.Client({ host: hostname, port: Number(port), user: 'millrace', password, database: 'millrace' });
    await app.connect();
  }, 60_000);
  afterAll(async () => {
    await app?.end();
    await admin?.end();
    await server?.stop();
  });

  it('makes nothing without a password', async () => {
    const env = { ...process.env, DATABASE_PASSWORD: '' };
    await expect(run('sh', [script], { env })).rejects.toThrow('DATABASE_PASSWORD is not set');
  });

  it('makes a role that is nothing but the owner of its schemas', async () => {
    const { rows } = await app.query(
      `select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = current_user`,
    );
    expect(rows).toEqual([
      { rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolreplication: false, rolbypassrls: false },
    ]);
    for (const forbidden of [
      'create schema other',
      'create table public.t ()',
      'create role other',
      'create database other',
      'create temporary table t ()',
      `copy (select 1) to program 'true'`,
      `select pg_read_file('/etc/passwd')`,
    ]) {
      await expect(app.query(forbidden), forbidden).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('is enough for what the app sets up, the stream and its own table', async () => {
    const url = new URL(server.url);
    Object.assign(url, { username: 'millrace', pathname: '/millrace' });
    url.password = encodeURIComponent(password);
    const context = await NestFactory.create(AppModule.of(readAppConfig({ DATABASE_URL: url.href, FEED: 'off' })), {
      logger: false,
      abortOnError: false,
    });
    await context.init();
    const { rows } = await app.query('select count(*)::integer as count from departures.departure');
    expect(rows).toEqual([{ count: 0 }]);
    await context.close();
  });
});
