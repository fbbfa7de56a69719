import { Logger } from '@nestjs/common';
import type { ChannelName } from '@millrace/protocol';
import { CodedError } from '../../core/coded-error.js';
import type { SqlExecutor } from '../sql-database.port.js';

export interface StagedRef {
  readonly channel: ChannelName;
  readonly id: string;
}

/** The transaction of a unit of work. */
interface Transactional {
  /** What the handler works with. */
  readonly handle: unknown;
  readonly executor: SqlExecutor;
  readonly maxEvents: number;
}

/** What one handler does in one transaction: the events that exist with it, and what waits for its commit. */
export class UnitOfWork {
  #open = true;
  #events = 0;
  readonly #staged: StagedRef[] = [];
  readonly #staging = new Set<Promise<void>>();
  readonly #effects = new Set<() => void>();

  constructor(private readonly transaction: Transactional) {}

  get staged(): readonly StagedRef[] {
    return this.#staged;
  }

  /** Whether `tx` is this very transaction. */
  owns(tx: unknown): boolean {
    return tx === this.transaction.handle || tx === this.transaction.executor;
  }

  /** Stores an event with `write`; it counts as staged once that succeeded. */
  async stage(event: StagedRef, write: (executor: SqlExecutor) => Promise<void>): Promise<void> {
    this.#admit();
    const staging = write(this.transaction.executor);
    this.#staging.add(staging);
    try {
      await staging;
      this.#staged.push(event);
    } finally {
      this.#staging.delete(staging);
    }
  }

  /** Keeps an event that is not stored until the commit; without a commit it is never sent. */
  hold(send: () => void): void {
    this.#admit();
    this.#effects.add(send);
  }

  /** Runs `effect` after the commit, once, however often it was asked for. */
  afterCommit(effect: () => void): void {
    this.#refuseEnded();
    this.#effects.add(effect);
  }

  /** Refuses everything from now on. Resolves when the events that are being staged are: they belong here. */
  end(): Promise<unknown> | undefined {
    this.#open = false;
    return this.#staging.size > 0 ? Promise.allSettled(this.#staging) : undefined;
  }

  /** The transaction is committed: whatever an effect does, that stands. */
  committed(): void {
    for (const effect of this.#effects) {
      try {
        effect();
      } catch (error) {
        new Logger('Millrace').error({ message: 'What waited for a commit failed', error });
      }
    }
    this.#effects.clear();
  }

  #admit(): void {
    this.#refuseEnded();
    if (this.#events >= this.transaction.maxEvents) throw new CodedError('TRANSACTION_TOO_LARGE');
    this.#events++;
  }

  #refuseEnded(): void {
    if (!this.#open) throw new CodedError('TRANSACTION_ENDED');
  }
}
