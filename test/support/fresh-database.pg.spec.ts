import pg from 'pg';
import { expect, it } from 'vitest';
import { createDatabase } from './fresh-database.js';

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
