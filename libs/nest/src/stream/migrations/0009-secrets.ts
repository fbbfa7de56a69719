import type { Migration } from './migration.js';

/** The secrets of an installation: only the owner of the schema reads them, so they prove that a node wrote something. */
export const secrets: Migration = {
  version: 9,
  name: 'secrets',
  statements: (schema) => [
    `create table ${schema}.secret (
  id int generated always as identity primary key check (id < 2000000000),
  key text not null check (key ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default clock_timestamp()
)`,
    addFunction(schema),
    `select ${schema}.add_secret()`,
  ],
};

/** Two random UUIDs are 244 random bits of the server's strong source; there is no other without an extension. */
const addFunction = (schema: string): string => `create function ${schema}.add_secret() returns int
language sql volatile set search_path = pg_catalog as $$
  insert into ${schema}.secret (key) values (replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))
  returning id
$$`;
