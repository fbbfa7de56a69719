import type { Clock } from './clock.js';
import { CodedError } from './coded-error.js';
import { FairShare, type ShareKey } from './fair-share.js';

export interface GateBounds {
  /** Places: tasks that run at once. */
  readonly concurrency: number;
  /** Tasks that may wait. */
  readonly maxWaiting: number;
  /** Told to those who find no room to wait. */
  readonly retryAfterMs: number;
}

/** Where a gate leaves its numbers. */
export interface GateWatch {
  waiting(count: number): void;
  refused(): void;
}

const unwatched: GateWatch = { waiting: () => {}, refused: () => {} };

/** How long somebody waits for a place. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** Beyond it the place is `BUSY`. */
  readonly within?: { readonly clock: Pick<Clock, 'after'>; readonly timeoutMs: number };
}

/** Gives the place back, once. */
export type Leave = () => void;

/** Somebody's place in a gate, or the wait for it. */
export interface Turn {
  readonly place: Promise<Leave>;
  /** What waits here is wanted by `key` too: it runs when the first of them has its turn. */
  alsoFor(key: ShareKey): void;
  /** Waits no longer; a place that was given already stays taken. */
  giveUp(why: unknown): void;
}

interface Ticket {
  /** The first one asked, and counts as the one who waits. */
  readonly keys: Set<ShareKey>;
  readonly enter: (leave: Leave) => void;
  readonly fail: (why: unknown) => void;
}

/**
 * Lets a bounded number of tasks run and a bounded number wait, and shares both by key. Those who wait have their turns
 * round robin, each key in its own order; how many places and how much of the queue one key may have at once is what
 * {@link FairShare} says. So a flood of one key fills its own share, and another one's task starts as if there were none.
 */
export class FairGate {
  readonly #running: FairShare;
  readonly #waiting: FairShare;
  /** The next turn first. A set keeps the order and forgets one from its middle at no cost. */
  readonly #queues = new Map<ShareKey, Set<Ticket>>();

  constructor(
    private readonly bounds: GateBounds,
    private readonly watch: GateWatch = unwatched,
  ) {
    this.#running = new FairShare(bounds.concurrency);
    this.#waiting = new FairShare(bounds.maxWaiting);
  }

  /** Whether the next task of `key` would be refused. */
  isFull(key: ShareKey): boolean {
    return !this.#running.admits(key) && !this.#waiting.admits(key);
  }

  /** @throws CodedError `BUSY`, or the reason of `signal` when it aborts before the task has begun */
  async run<T>(key: ShareKey, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const leave = this.#enter(key) ?? (await this.take(key, { signal }));
    try {
      return await task();
    } finally {
      leave();
    }
  }

  /** @throws CodedError `BUSY`, or the reason of `signal` when it aborts before there is a place */
  async take(key: ShareKey, { signal, within }: Patience = {}): Promise<Leave> {
    signal?.throwIfAborted();
    const turn = this.turn(key);
    const giveUp = (): void => turn.giveUp(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    const cancel = within?.clock.after(within.timeoutMs, () => turn.giveUp(this.#busy()));
    try {
      return await turn.place;
    } finally {
      cancel?.();
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** @throws CodedError `BUSY` */
  turn(key: ShareKey): Turn {
    const leave = this.#enter(key);
    if (leave) return { place: Promise.resolve(leave), alsoFor: () => {}, giveUp: () => {} };
    if (!this.#waiting.take(key)) {
      this.watch.refused();
      throw this.#busy();
    }
    this.watch.waiting(this.#waiting.size);
    return this.#wait(key);
  }

  #busy(): CodedError {
    return new CodedError('BUSY', { retryAfterMs: this.bounds.retryAfterMs });
  }

  #wait(key: ShareKey): Turn {
    const { promise, resolve, reject } = withResolvers<Leave>();
    const ticket: Ticket = { keys: new Set(), enter: resolve, fail: reject };
    this.#queue(key, ticket);
    return {
      place: promise,
      alsoFor: (other) => {
        if (!this.#isQueued(ticket)) return;
        this.#queue(other, ticket);
        this.#next();
      },
      giveUp: (why) => {
        if (!this.#isQueued(ticket)) return;
        this.#forget(ticket);
        ticket.fail(why);
      },
    };
  }

  #enter(key: ShareKey): Leave | undefined {
    if (!this.#running.take(key)) return undefined;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#running.leave(key);
      this.#next();
    };
  }

  /** Places go straight to those who wait: a newcomer cannot slip in between. */
  #next(): void {
    while (this.#running.size < this.bounds.concurrency && this.#serve());
  }

  /** A key that is passed over holds a place, so there are never more of those to pass over than places. */
  #serve(): boolean {
    for (const [key, [ticket]] of this.#queues) {
      const leave = ticket && this.#enter(key);
      if (!leave) continue;
      this.#forget(ticket);
      this.#toTheEnd(key);
      ticket.enter(leave);
      return true;
    }
    return false;
  }

  #queue(key: ShareKey, ticket: Ticket): void {
    ticket.keys.add(key);
    this.#queues.set(key, (this.#queues.get(key) ?? new Set()).add(ticket));
  }

  #toTheEnd(key: ShareKey): void {
    const tickets = this.#queues.get(key);
    if (!tickets) return;
    this.#queues.delete(key);
    this.#queues.set(key, tickets);
  }

  #isQueued(ticket: Ticket): boolean {
    const [first] = ticket.keys;
    return first !== undefined && this.#queues.get(first)?.has(ticket) === true;
  }

  #forget(ticket: Ticket): void {
    const [first] = ticket.keys;
    if (first === undefined) return;
    for (const key of ticket.keys) {
      const tickets = this.#queues.get(key);
      tickets?.delete(ticket);
      if (tickets?.size === 0) this.#queues.delete(key);
    }
    this.#waiting.leave(first);
    this.watch.waiting(this.#waiting.size);
  }
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (why: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
