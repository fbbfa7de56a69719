import { systemClock } from '../../core/clock.js';
import { CodedError } from '../../core/coded-error.js';
import { causesOf, isUnfit } from '../sql-error.js';
import type { SqlExecutor } from '../sql-database.port.js';
import type { TransactionPort } from '../transaction/transaction.port.js';
import { PgBeginning } from './pg-beginning.js';
import { PgConnection } from './pg-connection.js';
import { PgHandle } from './pg-handle.js';
import type { PgClient, PgClients } from './pg-pool.js';

/**
 * Transactions on a `pg.Pool` of the application, for the option `transactions`: `@Tx()` is then a client of that pool,
 * and what the handler publishes commits with what it wrote. After the handler's end the client throws
 * `TRANSACTION_ENDED`; giving it back is not the handler's affair.
 *
 * @publicApi
 */
export function fromPg<Client extends PgClient>(pool: PgClients<Client>): TransactionPort<Client> {
  return new PgTransactions(pool);
}

/** Transactions on clients of a pool that is not ours. */
export class PgTransactions<Client extends PgClient> implements TransactionPort<Client> {
  readonly #beginning = new PgBeginning(systemClock);
  readonly #handles = new WeakMap<Client, PgHandle<Client>>();

  constructor(private readonly pool: PgClients<Client>) {}

  async run<T>(work: (handle: Client) => Promise<T>, timeoutMs?: number): Promise<T> {
    const connection = await PgConnection.from(this.pool);
    const transaction = await this.#beginning.begin(connection, timeoutMs);
    const handle = new PgHandle(connection.client);
    this.#handles.set(handle.proxy, handle);
    let result: T;
    try {
      result = await work(handle.proxy);
      await handle.close();
    } catch (error) {
      void handle.close();
      if (handle.isHeld || causesOf(error).some(isUnfit)) connection.destroy();
      await transaction.rollback();
      throw error;
    }
    await transaction.commit();
    return result;
  }

  executor(handle: Client): SqlExecutor {
    return this.#of(handle);
  }

  close(handle: Client): Promise<unknown> | undefined {
    return this.#of(handle).close();
  }

  #of(handle: Client): PgHandle<Client> {
    const known = this.#handles.get(handle);
    if (!known) throw new CodedError('TRANSACTION_ENDED');
    return known;
  }
}
