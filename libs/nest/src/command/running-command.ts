import type { CommandOutcome } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import type { Deadline } from '../core/deadline.js';
import type { Session } from '../session/session.js';
import type { StagedRef } from '../stream/transaction/unit-of-work.js';

/** One start of the handler, and what became of its transaction. */
export interface HandlerRun {
  readonly outcome: CommandOutcome;
  readonly staged: readonly StagedRef[];
}

interface Request {
  readonly id: string;
  readonly name: string;
  readonly session: Session;
  readonly limit: Deadline;
}

/**
 * A command from its arrival until nothing of it runs any more. An interceptor may start the handler never, once, or
 * again after a failure; each start has a transaction of its own.
 */
export class RunningCommand {
  readonly id: string;
  readonly name: string;
  readonly session: Session;
  /** How long anybody waits for it. */
  readonly limit: Deadline;
  readonly #runs: HandlerRun[] = [];
  readonly #transactions = new Pending();
  readonly #work = new Pending();
  #ended = false;

  constructor({ id, name, session, limit }: Request) {
    this.id = id;
    this.name = name;
    this.session = session;
    this.limit = limit;
  }

  get deadline(): AbortSignal {
    return this.limit.signal;
  }

  get wasStarted(): boolean {
    return this.#runs.length > 0;
  }

  /** Of all starts together: what stands after one of them, stands. */
  get outcome(): CommandOutcome {
    const outcomes = this.#runs.map(({ outcome }) => outcome);
    if (outcomes.includes('applied')) return 'applied';
    return outcomes.includes('unknown') ? 'unknown' : 'not-applied';
  }

  /** The durable events that were committed. */
  get staged(): readonly StagedRef[] {
    return this.#runs.flatMap(({ staged }) => staged);
  }

  /** @throws CodedError `TRANSACTION_ENDED` once the command is about to be answered */
  begin(run: HandlerRun): void {
    if (this.#ended) throw new CodedError('TRANSACTION_ENDED');
    this.#runs.push(run);
  }

  /** From now on the handler cannot be started any more; the answer is on its way. */
  end(): void {
    this.#ended = true;
  }

  /** `transaction` decides the outcome: the answer waits for it. */
  holdAnswer<T>(transaction: Promise<T>): Promise<T> {
    return this.#transactions.add(transaction);
  }

  /** `work` may go on after the answer; the client's place is taken until it is done. */
  holdPlace<T>(work: Promise<T>): Promise<T> {
    return this.#work.add(work);
  }

  /** Resolves when no transaction is open; `undefined` when none is. */
  closed(): Promise<void> | undefined {
    if (this.#transactions.isEmpty) return undefined;
    return new Promise((resolve) => this.#transactions.whenNone(resolve));
  }

  /** Calls back when nothing of the command runs any more; at once if that is so. */
  whenDone(task: () => void): void {
    this.#work.whenNone(task);
  }
}

/** Promises that have not settled yet. */
class Pending {
  readonly #open = new Set<Promise<unknown>>();
  #onNone = (): void => {};

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  add<T>(promise: Promise<T>): Promise<T> {
    this.#open.add(promise);
    const settled = (): void => {
      this.#open.delete(promise);
      if (this.#open.size === 0) this.#onNone();
    };
    promise.then(settled, settled);
    return promise;
  }

  whenNone(task: () => void): void {
    if (this.#open.size === 0) task();
    else this.#onNone = task;
  }
}
