import type { CommandOutcome } from '@millrace/protocol';
import { CodedError } from '../../core/coded-error.js';
import { causesOf, isConflict, isUnfit } from '../sql-error.js';
import { aborted, failureOfCommit, inDoubt } from '../stream-errors.js';
import { Deadline } from '../../core/deadline.js';
import type { TransactionPort } from './transaction.port.js';
import { UnitOfWork, type StagedRef } from './unit-of-work.js';

type State =
  | { readonly kind: 'working' }
  /** From here on only the database decides. */
  | { readonly kind: 'committing'; readonly unit: UnitOfWork }
  | { readonly kind: 'ended'; readonly outcome: CommandOutcome; readonly staged: readonly StagedRef[] };

/** What runs in the transaction. `unit` is for the publishes, `handle` for the application's own statements. */
export type Work<T> = (handle: unknown, unit: UnitOfWork) => Promise<T>;

/**
 * One piece of work in one transaction. It wraps the handler alone: guards, pipes and interceptors stand outside, so
 * whatever they do with the answer, the commit is not theirs to change.
 *
 * ```
 *  open ── handler ── close handle, wait for what is in flight ── COMMIT ── effects
 *   └────────── a throw or the deadline: roll back ──────────┘
 * ```
 */
export class TransactionRun {
  #state: State = { kind: 'working' };

  constructor(
    private readonly transactions: TransactionPort,
    private readonly maxEvents: number,
    /** Whose work it is, for the log. */
    private readonly name = 'a transaction',
  ) {}

  get outcome(): CommandOutcome {
    switch (this.#state.kind) {
      case 'working':
        return 'not-applied';
      case 'committing':
        return 'unknown';
      case 'ended':
        return this.#state.outcome;
    }
  }

  /** The events that exist since the commit. */
  get staged(): readonly StagedRef[] {
    return this.#state.kind === 'ended' ? this.#state.staged : [];
  }

  /**
   * Commits what `work` did, or rolls it back when it rejects or when `deadline` aborts first. At the deadline the
   * handler may still be running: from then on its handle is closed.
   */
  async run<T>(work: Work<T>, deadline = new Deadline()): Promise<T> {
    try {
      deadline.throwIfPassed();
      const attempt = (handle: unknown): Promise<T> => this.#attempt(handle, work, deadline);
      const result = await this.transactions.run(attempt, deadline.afterMs);
      this.#applied();
      return result;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** A port may try again after a conflict: each attempt has a unit of its own. */
  async #attempt<T>(handle: unknown, work: Work<T>, deadline: Deadline): Promise<T> {
    this.#state = { kind: 'working' };
    const executor = this.transactions.executor(handle);
    const unit = new UnitOfWork({ handle, executor, maxEvents: this.maxEvents, name: this.name });
    const abandon = (): void => void this.#abandon(handle, unit);
    try {
      const value = await deadline.before(() => work(handle, unit), abandon);
      const settling = settled(unit);
      if (settling) await deadline.before(() => settling);
      const closing = this.transactions.close?.(handle);
      if (closing) await deadline.before(() => closing);
      this.#state = { kind: 'committing', unit };
      return value;
    } catch (error) {
      abandon();
      throw error;
    }
  }

  /** A roll-back does not wait for statements in flight; on their connection it comes after them anyway. */
  async #abandon(handle: unknown, unit: UnitOfWork): Promise<void> {
    try {
      await Promise.all([unit.end(), this.transactions.close?.(handle)]);
    } catch {
      // What it was for has failed already.
    }
  }

  #applied(): void {
    if (this.#state.kind !== 'committing') throw inDoubt(new TypeError('The port swallowed the failure of its work'));
    const { unit } = this.#state;
    this.#state = { kind: 'ended', outcome: 'applied', staged: unit.staged };
    unit.committed();
  }

  #failed(error: unknown): unknown {
    const failure = this.#state.kind === 'committing' ? failureOfCommit(error) : ofWork(error);
    const unknown = failure instanceof CodedError && failure.code === 'TRANSACTION_IN_DOUBT';
    this.#state = { kind: 'ended', outcome: unknown ? 'unknown' : 'not-applied', staged: [] };
    return failure;
  }
}

/** Where the database does not say what a savepoint took back, COMMIT will fail and say why. */
function settled(unit: UnitOfWork): Promise<void> | undefined {
  return unit.end()?.catch(() => {});
}

/** Before COMMIT nothing is in doubt: a lost connection has rolled back. */
function ofWork(error: unknown): unknown {
  if (error instanceof CodedError) return error;
  return causesOf(error).some((cause) => isConflict(cause) || isUnfit(cause)) ? aborted(error) : error;
}
