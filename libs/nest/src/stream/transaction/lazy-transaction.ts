import { CodedError } from '../../core/coded-error.js';
import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'open'; readonly opening: Promise<SqlTransaction> }
  | { readonly kind: 'ended' };

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

  /** Queries that were issued and not awaited finish first: they belong to this transaction and to no other. */
  async commit(): Promise<void> {
    const state = this.#end();
    if (state.kind !== 'open') return;
    await Promise.allSettled(this.#inFlight);
    await (await state.opening).commit();
  }

  async rollback(): Promise<void> {
    const state = this.#end();
    if (state.kind !== 'open') return;
    const transaction = await state.opening.catch(() => undefined);
    await transaction?.rollback();
  }

  #open(): Promise<SqlTransaction> {
    if (this.#state.kind === 'ended') return Promise.reject(new CodedError('TRANSACTION_ENDED'));
    if (this.#state.kind === 'idle') this.#state = { kind: 'open', opening: this.database.begin() };
    return this.#state.opening;
  }

  #end(): State {
    const state = this.#state;
    this.#state = { kind: 'ended' };
    return state;
  }
}
