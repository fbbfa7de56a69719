import { CodedError } from '../../core/coded-error.js';
import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'open'; readonly opening: Promise<SqlTransaction> }
  | { readonly kind: 'closed'; readonly opening: Promise<SqlTransaction> | undefined };

/** A transaction that begins with its first query. */
export class LazyTransaction implements SqlExecutor {
  #state: State = { kind: 'idle' };
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(private readonly database: SqlDatabase) {}

  async query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    const running = this.#open().then((transaction) => transaction.query(sql, params));
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
    }
  }

  /**
   * Refuses new queries. Those that were issued and not awaited finish first: they belong to this transaction and to no
   * other.
   */
  close(): Promise<unknown> | undefined {
    void this.#end();
    return this.#inFlight.size > 0 ? Promise.allSettled(this.#inFlight) : undefined;
  }

  /** `undefined` when there is nothing to commit. */
  commit(): Promise<void> | undefined {
    const opening = this.#end();
    return opening && this.#commit(opening);
  }

  async rollback(): Promise<void> {
    const transaction = await this.#end()?.catch(() => undefined);
    await transaction?.rollback();
  }

  async #commit(opening: Promise<SqlTransaction>): Promise<void> {
    await Promise.allSettled(this.#inFlight);
    await (await opening).commit();
  }

  #open(): Promise<SqlTransaction> {
    if (this.#state.kind === 'closed') return Promise.reject(new CodedError('TRANSACTION_ENDED'));
    if (this.#state.kind === 'idle') this.#state = { kind: 'open', opening: this.database.begin() };
    return this.#state.opening;
  }

  #end(): Promise<SqlTransaction> | undefined {
    const opening = this.#state.kind === 'idle' ? undefined : this.#state.opening;
    this.#state = { kind: 'closed', opening };
    return opening;
  }
}
