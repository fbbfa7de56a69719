import { Logger } from '@nestjs/common';
import type { ChannelName } from '@millrace/protocol';
import { CodedError } from '../../core/coded-error.js';
import { logError } from '../../core/log-error.js';
import type { NewEvent } from '../../core/stream-event.js';
import type { SqlExecutor } from '../sql-database.port.js';
import type { StreamStore } from '../stream-store.port.js';

export interface StagedRef {
  readonly channel: ChannelName;
  readonly id: string;
}

/** Where a unit of work keeps its events. */
export type EventStage = Pick<StreamStore, 'stage' | 'staged'>;

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
  #staged: StagedRef[] = [];
  /** By id, those in a savepoint. */
  readonly #nested = new Map<string, EventStage>();
  readonly #staging = new Set<Promise<unknown>>();
  readonly #effects = new Set<() => void>();

  constructor(private readonly transaction: Transactional) {}

  get staged(): readonly StagedRef[] {
    return this.#staged;
  }

  /** Whether `tx` is this very transaction. */
  owns(tx: unknown): boolean {
    return tx === this.transaction.handle || tx === this.transaction.executor;
  }

  /** It counts as staged once that succeeded. */
  async stage(event: NewEvent, stage: EventStage): Promise<void> {
    this.#admit();
    const staging = this.#store(event, stage);
    this.#staging.add(staging);
    try {
      await staging;
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

  /**
   * Refuses everything from now on. Resolves when the events that are being staged are, since they belong here, and when
   * it is known which of them were lost with a savepoint; `undefined` when there is nothing to wait for.
   */
  end(): Promise<void> | undefined {
    this.#open = false;
    return this.#staging.size > 0 || this.#nested.size > 0 ? this.#settle() : undefined;
  }

  /** The transaction is committed: whatever an effect does, that stands. */
  committed(): void {
    for (const effect of this.#effects) {
      try {
        effect();
      } catch (error) {
        logError(new Logger('Millrace'), 'An after-commit callback failed', error);
      }
    }
    this.#effects.clear();
  }

  async #settle(): Promise<void> {
    await Promise.allSettled(this.#staging);
    const [stage] = this.#nested.values();
    if (!stage) return;
    const left = await stage.staged(this.transaction.executor, [...this.#nested.keys()]);
    this.#staged = this.#staged.filter(({ id }) => !this.#nested.has(id) || left.has(id));
  }

  async #store(event: NewEvent, stage: EventStage): Promise<void> {
    const { channel, id } = event;
    const staged = await stage.stage(this.transaction.executor, event);
    this.#staged.push({ channel, id });
    if (staged === 'nested') this.#nested.set(id, stage);
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
