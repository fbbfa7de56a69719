import { CodedError } from '../../core/coded-error.js';
import type { SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';
import { aborted, failureOfCommit } from '../stream-errors.js';

/** What the one connection does for a transaction. */
interface Connection {
  readonly query: SqlExecutor['query'];
  readonly script: (sql: string) => Promise<unknown>;
}

type Run = SqlExecutor['query'];

type State =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly connection: Connection; readonly release: () => void }
  | { readonly kind: 'ended' };

/** A transaction on the one connection, which it holds from its opening to its end. */
export class PgliteTransaction implements SqlTransaction {
  #state: State = { kind: 'opening' };
  #failure: unknown;

  /** Also while it waits for its turn: its own code must not stand in line behind it. */
  get isOpen(): boolean {
    return this.#state.kind !== 'ended';
  }

  opened(connection: Connection, release: () => void): void {
    this.#state = { kind: 'open', connection, release };
  }

  ended(): void {
    this.#state = { kind: 'ended' };
  }

  query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    return this.#statement((connection) => connection.query(sql, params));
  }

  async script(sql: string): Promise<void> {
    await this.#statement((connection) => connection.script(sql));
  }

  async #statement<T>(statement: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#state.kind !== 'open') throw new CodedError('TRANSACTION_ENDED');
    try {
      return await statement(this.#state.connection);
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  async commit(): Promise<void> {
    if (this.#state.kind !== 'open') throw new CodedError('TRANSACTION_ENDED');
    const { connection, release } = this.#state;
    const run = connection.query;
    this.ended();
    try {
      // A failed transaction answers COMMIT without an error, by rolling back; asking first tells.
      if (await isFailed(run)) await run('rollback', []);
      else return void (await run('commit', []));
    } catch (error) {
      throw failureOfCommit(error);
    } finally {
      release();
    }
    throw aborted(this.#failure);
  }

  async rollback(): Promise<void> {
    if (this.#state.kind !== 'open') return;
    const { connection, release } = this.#state;
    this.ended();
    await connection.query('rollback', []).catch(() => {});
    release();
  }
}

async function isFailed(run: Run): Promise<boolean> {
  try {
    await run('select 1', []);
    return false;
  } catch {
    return true;
  }
}
