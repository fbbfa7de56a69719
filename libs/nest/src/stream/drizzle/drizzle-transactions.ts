import { is, type ExtractTablesWithRelations } from 'drizzle-orm';
import { NodePgSession, NodePgTransaction, type NodePgClient, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { BootError } from '../../core/boot-error.js';
import { CodedError } from '../../core/coded-error.js';
import { PgTransactions } from '../pg/pg-transactions.js';
import type { PgClient, PgClients } from '../pg/pg-pool.js';
import type { SqlExecutor } from '../sql-database.port.js';
import type { TransactionPort } from '../transaction/transaction.port.js';

type Schema = Record<string, unknown>;
type Database<S extends Schema> = NodePgDatabase<S> & { readonly $client: unknown };
type Handle<S extends Schema> = NodePgTransaction<S, ExtractTablesWithRelations<S>>;

/**
 * Transactions of Drizzle on a `pg.Pool`, for the option `transactions`: `@Tx()` is then what `db.transaction()` gives,
 * and what the handler publishes commits with what it wrote. After the handler's end every use rejects with an error of
 * Drizzle whose `cause` is `TRANSACTION_ENDED`, of a query that was built before too.
 *
 * @throws BootError when `db` is not of `drizzle-orm/node-postgres`, or not on a pool
 * @publicApi
 */
export function fromDrizzle<S extends Record<string, unknown>>(
  db: NodePgDatabase<S> & { readonly $client: unknown },
): TransactionPort<NodePgTransaction<S, ExtractTablesWithRelations<S>>> {
  return new DrizzleTransactions(db);
}

/**
 * Drizzle's own transactions end through the same client as the handler's queries, and take any answer to COMMIT for a
 * commit. So the transaction is one of the pool's, and Drizzle gets the client that closes with the handler.
 */
export class DrizzleTransactions<S extends Schema> implements TransactionPort<Handle<S>> {
  readonly #session: SessionParts<S>;
  readonly #transactions: PgTransactions<PgClient>;
  readonly #clients = new WeakMap<Handle<S>, PgClient>();

  constructor(db: Database<S>) {
    this.#session = partsOf(db);
    this.#transactions = new PgTransactions(poolOf(db.$client));
  }

  run<T>(work: (handle: Handle<S>) => Promise<T>, timeoutMs?: number): Promise<T> {
    return this.#transactions.run((client) => work(this.#open(client)), timeoutMs);
  }

  executor(handle: Handle<S>): SqlExecutor {
    return this.#transactions.executor(this.#clientOf(handle));
  }

  close(handle: Handle<S>): Promise<unknown> | undefined {
    return this.#transactions.close(this.#clientOf(handle));
  }

  /** As a session of Drizzle makes a transaction of its own. */
  #open(client: PgClient): Handle<S> {
    const { dialect, schema, options } = this.#session;
    const session = new NodePgSession(client as unknown as NodePgClient, dialect, schema, options);
    const handle = new NodePgTransaction<S, ExtractTablesWithRelations<S>>(dialect, session, schema);
    this.#clients.set(handle, client);
    return handle;
  }

  #clientOf(handle: Handle<S>): PgClient {
    const client = this.#clients.get(handle);
    if (!client) throw new CodedError('TRANSACTION_ENDED');
    return client;
  }
}

/** What a session of Drizzle was made of. Its types call these private; the contract of the ports sees them change. */
interface SessionParts<S extends Schema> {
  readonly dialect: ConstructorParameters<typeof NodePgSession>[1];
  readonly schema: ConstructorParameters<typeof NodePgSession<S, ExtractTablesWithRelations<S>>>[2];
  readonly options: ConstructorParameters<typeof NodePgSession>[3];
}

function partsOf<S extends Schema>(db: Database<S>): SessionParts<S> {
  const { session } = db._;
  const isKnown = is(session, NodePgSession) && 'dialect' in session && 'schema' in session && 'options' in session;
  if (!isKnown) throw new BootError('fromDrizzle() takes a database of drizzle-orm/node-postgres, and this is none');
  return session as unknown as SessionParts<S>;
}

function poolOf(client: unknown): PgClients {
  const isPool = typeof client === 'object' && client !== null && 'connect' in client && 'totalCount' in client;
  if (!isPool) throw new BootError('fromDrizzle() takes a database on a pg.Pool: one client has one transaction');
  return client as unknown as PgClients;
}
