import {
  CompiledQuery,
  DummyDriver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  Transaction,
  type Dialect,
  type Kysely,
} from 'kysely';
import { CodedError } from '../../core/coded-error.js';
import type { SqlExecutor } from '../sql-database.port.js';
import { aborted, unavailable } from '../stream-errors.js';
import type { TransactionPort } from '../transaction/transaction.port.js';
import { KyselyGate } from './kysely-gate.js';

/**
 * Transactions of Kysely, for the option `transactions`: `@Tx()` is then a `Transaction<DB>` with the plugins of `db`,
 * and what the handler publishes commits with what it wrote. After the handler's end every use throws
 * `TRANSACTION_ENDED`, of a query that was built before too.
 *
 * @publicApi
 */
export function fromKysely<DB>(db: Kysely<DB>): TransactionPort<Transaction<DB>> {
  return new KyselyTransactions(db);
}

/** Kysely begins, commits and rolls back; what the handler gets is a second transaction object on its connection. */
export class KyselyTransactions<DB> implements TransactionPort<Transaction<DB>> {
  readonly #gates = new WeakMap<Transaction<DB>, KyselyGate>();

  constructor(private readonly db: Kysely<DB>) {}

  async run<T>(work: (handle: Transaction<DB>) => Promise<T>): Promise<T> {
    let begun = false;
    let failed: { readonly error: unknown } | undefined;
    try {
      return await this.db.transaction().execute(async (own) => {
        begun = true;
        try {
          return await this.#attempt(own, work);
        } catch (error) {
          failed = { error };
          throw error;
        }
      });
    } catch (error) {
      // A roll-back that fails throws in the place of what it was for.
      if (failed) throw failed.error;
      throw begun ? error : unavailable(error);
    }
  }

  executor(handle: Transaction<DB>): SqlExecutor {
    return {
      query: async (sql, params) => {
        const { rows } = await handle.executeQuery<Record<string, unknown>>(CompiledQuery.raw(sql, [...params]));
        return rows;
      },
    };
  }

  close(handle: Transaction<DB>): Promise<unknown> | undefined {
    return this.#gateOf(handle).close();
  }

  async #attempt<T>(own: Transaction<DB>, work: (handle: Transaction<DB>) => Promise<T>): Promise<T> {
    const gate = new KyselyGate(own.getExecutor());
    try {
      const result = await work(this.#open(gate));
      await gate.close();
      if (gate.hasFailed) await refuseAborted(own);
      return result;
    } catch (error) {
      gate.abandon();
      throw error;
    }
  }

  /** As Kysely makes a transaction itself, with the gate where the connection comes from. */
  #open(gate: KyselyGate): Transaction<DB> {
    const handle = new Transaction<DB>({
      config: { dialect },
      dialect,
      driver: new DummyDriver(),
      executor: this.db.getExecutor().withConnectionProvider(gate),
    });
    this.#gates.set(handle, gate);
    return handle;
  }

  #gateOf(handle: Transaction<DB>): KyselyGate {
    const gate = this.#gates.get(handle);
    if (!gate) throw new CodedError('TRANSACTION_ENDED');
    return gate;
  }
}

/** Of these a transaction uses the introspector only: it can neither begin nor end another one. */
const dialect: Dialect = {
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};

/** A transaction in which a statement failed takes none but a roll-back; one that went back to a savepoint does. */
async function refuseAborted<DB>(transaction: Transaction<DB>): Promise<void> {
  try {
    await transaction.executeQuery(CompiledQuery.raw('select 1'));
  } catch (error) {
    throw aborted(error);
  }
}
