import pg from 'pg';
import { expect, it } from 'vitest';
import { createDatabase, openPool } from './fresh-database.js';

it('gives every caller an empty database and takes it away under open connections', async () => {
  const [one, other] = await Promise.all([createDatabase(), createDatabase()]);
  const client = new pg.Client({ connectionString: one.url });
  const ended = new Promise((resolve) => client.on('error', resolve));
  try {
    expect(one.url).not.toBe(other.url);
    await client.connect();
    await client.query('create table probe ()');
    await one.drop();
    await ended;
    await expect(new pg.Client({ connectionString: one.url }).connect()).rejects.toMatchObject({ code: '3D000' });
  } finally {
    await other.drop();
  }
});

it('takes a database away under idle connections of a pool, and nothing else ends', async () => {
  const database = await createDatabase();
  const pool = openPool(database.url);
  await Promise.all([pool.query('select 1'), pool.query('select 2')]);
  const cut = new Promise((resolve) => pool.once('error', resolve));
  await database.drop();
  expect(await cut).toMatchObject({ code: '57P01' });
  await pool.end();
});
