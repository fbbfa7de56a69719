import type { ChannelName } from '@millrace/protocol';
import { systemClock } from '../../core/clock.js';
import { CodedError } from '../../core/coded-error.js';
import { inTime, LATE } from '../../core/in-time.js';
import { logError } from '../../core/log-error.js';
import { OneAtATime } from '../../core/one-at-a-time.js';
import type { NewEvent } from '../../core/stream-event.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';
import type { StreamStore } from '../stream-store.port.js';
import { runScript } from './run-script.js';
import { inSavepoint } from './savepoint.js';
import { CrowdLogger } from '../../core/log/crowd-logger.js';

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
  /** Runs a statement at once, in front of nothing. */
  readonly executor: SqlExecutor;
  readonly maxEvents: number;
  /** Whose work it is, for the log. */
  readonly name?: string;
  /** Of a nested one: the unit whose savepoint this is. */
  readonly parent?: UnitOfWork;
}

const logger = new CrowdLogger();

type NestedWork<T> = (handle: SqlExecutor, unit: UnitOfWork) => Promise<T>;

/** A nested transaction may well take so long; longer, and it probably waits for what waits for it. */
const MAX_WAIT_MS = 30_000;

/**
 * What one handler does in one transaction: the events that exist with it, and what waits for its commit. A nested one
 * is a savepoint. While it is open, statements of the unit around it wait, or they would be taken back with it.
 */
export class UnitOfWork {
  readonly name: string;
  #handle: unknown;
  #open = true;
  #used = false;
  #events = 0;
  #savepoints = 0;
  #nesting = 0;
  #staged: StagedRef[] = [];
  /** By id, those in a savepoint. */
  readonly #nested = new Map<string, EventStage>();
  readonly #turns = new OneAtATime();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #effects = new Set<() => void>();

  constructor(private readonly transaction: Transactional) {
    this.name = transaction.name ?? 'a transaction';
    this.#handle = transaction.handle;
  }

  get staged(): readonly StagedRef[] {
    return this.#staged;
  }

  get isOpen(): boolean {
    return this.#open && (this.transaction.parent?.isOpen ?? true);
  }

  /** Whether the application ran a statement of its own. */
  get isUsed(): boolean {
    return this.#used;
  }

  /** Whether `tx` is this very transaction, or the one around it. */
  owns(tx: unknown): boolean {
    const { executor, parent } = this.transaction;
    return tx === this.#handle || tx === executor || (parent?.owns(tx) ?? false);
  }

  /** A statement of the application. */
  query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    this.#used = true;
    return this.#inTurn(() => this.transaction.executor.query(sql, params));
  }

  /** Statements of the application, without parameters. */
  script(sql: string): Promise<void> {
    this.#used = true;
    return this.#inTurn(() => runScript(this.transaction.executor, sql));
  }

  /** It counts as staged once that succeeded. */
  async stage(event: NewEvent, stage: EventStage): Promise<void> {
    this.#admit();
    await this.#inTurn(() => this.#store(event, stage));
  }

  /**
   * Runs `work` in a savepoint: what it did is taken back when it rejects, and this unit goes on. Those that are begun
   * side by side run one after the other: one connection has one innermost savepoint.
   */
  async nest<T>(handleOf: (unit: UnitOfWork) => SqlExecutor, work: NestedWork<T>): Promise<T> {
    this.#nesting++;
    try {
      return await this.#inTurn(() => this.#inSavepoint(handleOf, work));
    } finally {
      this.#nesting--;
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
   * Refuses everything from now on. Resolves when what was begun before is done, since it belongs here, and when it is
   * known which events were lost with a savepoint; `undefined` when there is nothing to wait for.
   */
  end(): Promise<void> | undefined {
    this.#open = false;
    return this.#inFlight.size > 0 || this.#nested.size > 0 ? this.#settle() : undefined;
  }

  /** The transaction is committed: whatever an effect does, that stands. */
  committed(): void {
    for (const effect of this.#effects) {
      try {
        effect();
      } catch (error) {
        logError(logger, 'An after-commit callback failed', error);
      }
    }
    this.#effects.clear();
  }

  async #inSavepoint<T>(handleOf: (unit: UnitOfWork) => SqlExecutor, work: NestedWork<T>): Promise<T> {
    const unit = new UnitOfWork({ ...this.transaction, handle: undefined, parent: this });
    const handle = handleOf(unit);
    unit.#handle = handle;
    try {
      return await inSavepoint(this.transaction.executor, `millrace_${this.#nextSavepoint()}`, async () => {
        try {
          return await work(handle, unit);
        } finally {
          // Nothing of it may come behind the end of its savepoint.
          unit.#open = false;
          await Promise.allSettled(unit.#inFlight);
        }
      });
    } catch (error) {
      this.#forget(unit.#events);
      unit.#clear();
      throw error;
    } finally {
      this.#absorb(unit);
    }
  }

  #absorb(unit: UnitOfWork): void {
    this.#used ||= unit.#used;
    this.#staged.push(...unit.#staged);
    for (const [id, stage] of unit.#nested) this.#nested.set(id, stage);
    for (const effect of unit.#effects) this.#effects.add(effect);
  }

  #clear(): void {
    this.#staged = [];
    this.#nested.clear();
    this.#effects.clear();
  }

  #nextSavepoint(): number {
    const { parent } = this.transaction;
    return parent ? parent.#nextSavepoint() : ++this.#savepoints;
  }

  async #settle(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
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

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseEnded();
    const running = this.#run(work);
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
    }
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.take();
    const release = this.#nesting > 0 ? await inTime(systemClock, MAX_WAIT_MS, turn) : await turn;
    if (release === LATE) {
      void turn.then((late) => late());
      throw waitsForItself();
    }
    try {
      return await work();
    } finally {
      release();
    }
  }

  #admit(): void {
    this.#refuseEnded();
    this.#count(this.transaction.maxEvents);
  }

  /** Every event counts in each unit around it. */
  #count(maxEvents: number): void {
    if (this.#events >= maxEvents) throw new CodedError('TRANSACTION_TOO_LARGE');
    const { parent } = this.transaction;
    if (parent) parent.#count(maxEvents);
    this.#events++;
  }

  #forget(events: number): void {
    this.#events -= events;
    const { parent } = this.transaction;
    if (parent) parent.#forget(events);
  }

  #refuseEnded(): void {
    if (!this.isOpen) throw new CodedError('TRANSACTION_ENDED');
  }
}

function waitsForItself(): Error {
  return new Error(
    'A statement waited 30 s for a nested transaction() of the same transaction to end. Does the nested one wait for it? ' +
      'Begin within it what it waits for, and await a nested transaction before the next statement around it',
  );
}
