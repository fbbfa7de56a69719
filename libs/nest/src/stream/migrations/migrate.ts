import { BootError } from '../../core/boot-error.js';
import { sqlState } from '../sql-error.js';
import type { SqlDatabase, SqlExecutor } from '../sql-database.port.js';
import { quoted, type Migration } from './migration.js';
import { migrations } from './migrations.js';

const INSUFFICIENT_PRIVILEGE = '42501';
/** A schema, a table, or a row of the catalogue that is there already. */
const TAKEN = ['42P06', '42P07', '23505', '42710'];
const MAX_TRIES = 5;
const FORMER_WAIT_MS = 3_000;
const FORMER_POLL_MS = 100;

/**
 * Brings the schema to the version of this code, in one transaction under a lock: nodes that start together do it once.
 *
 * @throws BootError
 */
export async function migrate(database: SqlDatabase, schema: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await migrateOnce(database, schema);
    } catch (error) {
      // Another node was quicker to create what two cannot create at once.
      if (tries >= MAX_TRIES || !isTaken(error)) throw error;
    }
  }
}

async function migrateOnce(database: SqlDatabase, schema: string): Promise<void> {
  const transaction = await database.begin();
  try {
    await waitForFormer(transaction, schema);
    await createSchema(transaction, schema);
    // A lock that only the owner can have; it conflicts with itself, and nobody else writes to this table.
    await transaction.query(`lock table ${quoted(schema)}.migration in share row exclusive mode`, []);
    const done = await versionOf(transaction, schema);
    const newest = migrations.length;
    if (done > newest) {
      throw new BootError(
        `Schema "${schema}" has version ${done} and this release of Millrace knows ${newest}: update the package`,
      );
    }
    for (const migration of migrations.slice(done)) await apply(transaction, schema, migration);
    await transaction.commit();
  } catch (error) {
    await transaction.rollback();
    throw sqlState(error) === INSUFFICIENT_PRIVILEGE ? notAllowed(schema, error) : error;
  }
}

const isTaken = (error: unknown): boolean => TAKEN.includes(sqlState(error) ?? '');

/**
 * Nodes of releases before migrate under this lock. It has no owner, so that anybody who can connect may hold it: it is
 * waited for a while, and no longer.
 */
async function waitForFormer(executor: SqlExecutor, schema: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < FORMER_WAIT_MS; waitedMs += FORMER_POLL_MS) {
    const [row] = await executor.query(`select pg_try_advisory_xact_lock(hashtextextended($1::text, 0)) as taken`, [
      `millrace.migrate.${schema}`,
    ]);
    if (row?.['taken'] === true) return;
    await executor.query('select pg_sleep($1::float8)', [FORMER_POLL_MS / 1_000]);
  }
}

/** `create schema if not exists` asks for a right on the database even when the schema is there. */
async function createSchema(executor: SqlExecutor, schema: string): Promise<void> {
  const [row] = await executor.query('select to_regnamespace($1::text) is not null as present', [quoted(schema)]);
  if (row?.['present'] !== true) await executor.query(`create schema ${quoted(schema)}`, []);
  await executor.query(
    `create table if not exists ${quoted(schema)}.migration (
  version int primary key, name text not null, applied_at timestamptz not null default now()
)`,
    [],
  );
}

async function versionOf(executor: SqlExecutor, schema: string): Promise<number> {
  const [row] = await executor.query(
    `select coalesce(max(version), 0)::int as version from ${quoted(schema)}.migration`,
    [],
  );
  return Number(row?.['version'] ?? 0);
}

async function apply(executor: SqlExecutor, schema: string, migration: Migration): Promise<void> {
  for (const statement of migration.statements(quoted(schema))) await executor.query(statement, []);
  await executor.query(`insert into ${quoted(schema)}.migration (version, name) values ($1::int, $2::text)`, [
    migration.version,
    migration.name,
  ]);
}

function notAllowed(schema: string, cause: unknown): BootError {
  return new BootError(
    `The database role may not set up schema "${schema}": run \`create schema ${schema} authorization <role>\` once, ` +
      `or \`grant create on database <database> to <role>\``,
    { cause },
  );
}
