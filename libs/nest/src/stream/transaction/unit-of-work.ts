import type { ChannelName, CommandOutcome } from '@millrace/protocol';
import { CodedError } from '../../core/coded-error.js';
import type { SqlExecutor } from '../sql-database.port.js';
import type { TransactionPort } from './transaction.port.js';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'open'; readonly executor: SqlExecutor }
  | { readonly kind: 'ended'; readonly outcome: CommandOutcome };

export interface StagedRef {
  readonly channel: ChannelName;
  readonly id: string;
}

/**
 * What a command handler does in one transaction. It wraps the handler alone: guards, pipes and interceptors stand
 * outside, so whatever they do with the answer, the commit is not theirs to change.
 */
export class UnitOfWork {
  #state: State = { kind: 'idle' };
  readonly #staged: StagedRef[] = [];
  readonly #afterCommit: (() => void)[] = [];

  constructor(
    private readonly transactions: TransactionPort,
    private readonly maxEvents: number,
  ) {}

  get outcome(): CommandOutcome {
    return this.#state.kind === 'ended' ? this.#state.outcome : 'not-applied';
  }

  get staged(): readonly StagedRef[] {
    return this.#staged;
  }

  /**
   * Commits what `work` did, or rolls it back when it throws or when `deadline` aborts first. At the deadline the
   * handler may still be running: from then on its handle is closed.
   */
  async run<T>(work: (handle: unknown) => Promise<T>, deadline: AbortSignal): Promise<T> {
    let handlerDone = false;
    try {
      const result = await this.transactions.run(async (handle) => {
        this.#state = { kind: 'open', executor: this.transactions.executor(handle) };
        try {
          const value = await settledBefore(deadline, work(handle));
          handlerDone = true;
          return value;
        } finally {
          this.#state = { kind: 'ended', outcome: 'not-applied' };
        }
      });
      this.#state = { kind: 'ended', outcome: 'applied' };
      for (const effect of this.#afterCommit) effect();
      return result;
    } catch (error) {
      // Only a COMMIT can be in doubt: before it, a lost connection has rolled back.
      if (handlerDone && isInDoubt(error)) this.#state = { kind: 'ended', outcome: 'unknown' };
      throw error;
    }
  }

  /** The way to write into this transaction. */
  executor(): SqlExecutor {
    if (this.#state.kind !== 'open') throw new CodedError('TRANSACTION_ENDED');
    return this.#state.executor;
  }

  /** Counts an event before it is staged. */
  admit(event: StagedRef): void {
    if (this.#staged.length >= this.maxEvents) throw new CodedError('TRANSACTION_TOO_LARGE');
    this.#staged.push(event);
  }

  /** `effect` must not throw. It never runs when the transaction does not commit. */
  afterCommit(effect: () => void): void {
    if (this.#state.kind !== 'open') throw new CodedError('TRANSACTION_ENDED');
    this.#afterCommit.push(effect);
  }
}

async function settledBefore<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  // A handler that outlives its deadline may still fail; nobody waits for that any more.
  work.catch(() => {});
  deadline.throwIfAborted();
  let stopWaiting = (): void => {};
  const passed = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(deadline.reason as Error);
    deadline.addEventListener('abort', onAbort, { once: true });
    stopWaiting = () => deadline.removeEventListener('abort', onAbort);
  });
  try {
    const value = await Promise.race([work, passed]);
    deadline.throwIfAborted();
    return value;
  } finally {
    stopWaiting();
  }
}

function isInDoubt(error: unknown): boolean {
  return error instanceof CodedError ? error.code === 'TRANSACTION_IN_DOUBT' : true;
}
