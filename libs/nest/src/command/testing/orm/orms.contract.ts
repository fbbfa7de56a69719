import { afterAll } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../../test/support/fresh-database.js';
import { PgDatabase } from '../../../stream/pg/pg-database.js';
import { nestedTransactionsContract } from '../nested-transactions.contract.js';
import { TransactionBench } from '../transaction-bench.js';
import { transactionsContract } from '../transactions.contract.js';
import { drizzleUnderTest } from './drizzle-under-test.js';
import { kyselyUnderTest } from './kysely-under-test.js';
import { ormConnectionsContract } from './orm-connections.contract.js';
import { ormStreamsContract } from './orm-streams.contract.js';
import { ormTransactionsContract } from './orm-transactions.contract.js';
import type { OpenedOrm, OpenOrm } from './orm-under-test.js';
import { pgUnderTest } from './pg-under-test.js';

const orms: readonly (readonly [string, OpenOrm])[] = [
  ['pg', pgUnderTest],
  ['Kysely', kyselyUnderTest],
  ['Drizzle', drizzleUnderTest],
];

/** What the transactions of every ORM promise, on databases that are reached in the way of `reach`. */
export function ormsContract(way: string, reach: (direct: string) => string): void {
  const fresh: FreshDatabase[] = [];
  afterAll(async () => {
    for (const database of fresh) await database.drop();
  });

  async function open(openOrm: OpenOrm): Promise<OpenedOrm> {
    const database = await createDatabase();
    fresh.push(database);
    const connectionString = reach(database.url);
    const orm = openOrm(connectionString, 2);
    const times = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };
    const bench = await TransactionBench.openFor(orm, new PgDatabase({ connectionString, maxConnections: 4 }, times));
    return { bench, orm };
  }

  for (const [orm, openOrm] of orms) {
    const name = `${orm}, ${way}`;
    const openBench = async (): Promise<TransactionBench> => (await open(openOrm)).bench;
    transactionsContract(name, openBench);
    nestedTransactionsContract(name, openBench);
    ormTransactionsContract(name, () => open(openOrm));
    ormConnectionsContract(name, { openBench, openOrm });
  }
  // Drizzle has none on pg.
  for (const [orm, openOrm] of orms.slice(0, 2)) ormStreamsContract(`${orm}, ${way}`, () => open(openOrm));
}
