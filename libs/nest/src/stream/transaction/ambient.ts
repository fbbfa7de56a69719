import { AsyncLocalStorage } from 'node:async_hooks';
import type { ShareKey } from '../../core/fair-share.js';
import type { Cause } from '../../core/stream-event.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * What the code that runs now belongs to. Guards and interceptors of a command see its cause and no unit of work: what
 * they publish is not part of the handler's transaction. A handler sees both; so does what it left running behind
 * itself, which therefore finds an ended unit and never somebody else's.
 */
export interface Ambient {
  readonly cause: Cause;
  /** Whom it counts against what this takes of the database; absent for the application's own work. */
  readonly payer?: string;
  readonly unit?: UnitOfWork;
}

/**
 * The ambient of one database. Two installations in one process have one each, or what the one publishes while the
 * other's handler runs would go into a transaction on the wrong database.
 */
export class AmbientScope {
  current(): Ambient | undefined {
    return storage.getStore()?.get(this);
  }

  /** Whom what runs now counts against. What no client asked for counts by itself: it finds a place as long as there is one. */
  payer(): ShareKey {
    return this.current()?.payer ?? Symbol('own work');
  }

  run<T>(value: Ambient, work: () => T): T {
    return storage.run(new Map(storage.getStore()).set(this, value), work);
  }
}

/** One storage for all scopes, so that {@link detached} leaves them all. */
const storage = new AsyncLocalStorage<ReadonlyMap<AmbientScope, Ambient>>();

/**
 * Runs `work` as if no command were there. For what a handler starts and leaves running on purpose, such as a loop that
 * outlives it: without this, everything it publishes later gets `TRANSACTION_ENDED`.
 *
 * @publicApi
 */
export function detached<T>(work: () => T): T {
  return storage.exit(work);
}
