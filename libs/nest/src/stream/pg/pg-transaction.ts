import type { Clock } from '../../core/clock.js';
import { CodedError } from '../../core/coded-error.js';
import { isConflict, isConnectionLost, isUnfit } from '../sql-error.js';
import type { SqlRow, SqlTransaction } from '../sql-database.port.js';
import { aborted, failureOfCommit, inDoubt } from '../stream-errors.js';
import type { PgConnection } from './pg-connection.js';

/** For BEGIN, and for a roll-back: the statement that one stands behind is ended by the server or, after this, left to it. */
export const ANSWER_TIMEOUT_MS = 5_000;
/** For COMMIT, which may check deferred constraints or wait for a standby. */
const COMMIT_TIMEOUT_MS = 60_000;

/** A transaction on a connection that is its own until its end. */
export class PgTransaction implements SqlTransaction {
  #ended = false;
  #isUnfit = false;

  constructor(
    private readonly connection: PgConnection,
    private readonly clock: Clock,
  ) {}

  query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    return this.#statement(() => this.connection.query(sql, params));
  }

  async script(sql: string): Promise<void> {
    await this.#statement(() => this.connection.command(sql));
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
      await this.connection.within(ANSWER_TIMEOUT_MS, this.clock, () => this.connection.command('rollback'));
      if (this.#isUnfit) this.connection.destroy();
      else this.connection.release();
    } catch {
      this.connection.destroy();
    }
  }

  async #statement<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new CodedError('TRANSACTION_ENDED');
    const answer = await this.#run(statement);
    if (this.connection.isIdle) throw inDoubt(endedByHand());
    return answer;
  }

  async #run<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await statement();
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
      const committing = () => this.connection.command('commit');
      const tag = await this.connection.within(COMMIT_TIMEOUT_MS, this.clock, committing);
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
