import { CodedError } from '../../core/coded-error.js';
import { isConflict, isConnectionLost, isUnfit } from '../sql-error.js';
import type { SqlRow, SqlTransaction } from '../sql-database.port.js';
import { aborted, failureOfCommit, inDoubt } from '../stream-errors.js';
import type { PgConnection } from './pg-connection.js';

/** A transaction on a connection that is its own until its end. */
export class PgTransaction implements SqlTransaction {
  #ended = false;
  #isUnfit = false;

  constructor(private readonly connection: PgConnection) {}

  async query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    if (this.#ended) throw new CodedError('TRANSACTION_ENDED');
    const rows = await this.#query(sql, params);
    if (this.connection.isIdle) throw inDoubt(endedByHand());
    return rows;
  }

  async commit(): Promise<void> {
    if (this.#ended) throw new CodedError('TRANSACTION_ENDED');
    this.#ended = true;
    const tag = await this.#commit();
    // A transaction in which a statement failed answers COMMIT by rolling back, without an error.
    if (tag !== 'COMMIT') throw aborted();
  }

  async rollback(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    try {
      await this.connection.command('rollback');
      if (this.#isUnfit) this.connection.destroy();
      else this.connection.release();
    } catch {
      this.connection.destroy();
    }
  }

  async #query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    try {
      return await this.connection.query(sql, params);
    } catch (error) {
      this.#isUnfit ||= isUnfit(error);
      // Before COMMIT a lost connection is not in doubt: the server rolls back.
      if (isConflict(error) || isConnectionLost(error) || isUnfit(error)) throw aborted(error);
      throw error;
    }
  }

  async #commit(): Promise<string> {
    // It broke while nothing was asked of it, so COMMIT cannot have reached the server.
    if (this.connection.isBroken) {
      this.connection.destroy();
      throw aborted();
    }
    if (this.connection.isIdle) {
      this.connection.release();
      throw inDoubt(endedByHand());
    }
    try {
      const tag = await this.connection.command('commit');
      this.connection.release();
      return tag;
    } catch (error) {
      this.connection.destroy();
      throw failureOfCommit(error);
    }
  }
}

function endedByHand(): Error {
  return new Error(
    'A statement of the handler was a COMMIT or ROLLBACK, and ended the transaction that is not its own',
  );
}
