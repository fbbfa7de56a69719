import { CodedError } from '../core/coded-error.js';
import { FairShare } from '../core/fair-share.js';
import type { Session } from '../session/session.js';
import type { Recorder } from '../telemetry/recorder.js';
import { commandsInFlight } from './command.metrics.js';

/** One command among those in flight. */
export interface CommandPlace {
  /** Its id may come again. */
  answered(): void;
  /** Another command of its session may take its place. */
  left(): void;
}

interface Bounds {
  /** Commands of one session. */
  readonly ofSession: number;
  /** Commands of all sessions of this node, shared by whom they count against. */
  readonly ofNode: number;
}

interface Count {
  taken: number;
  readonly unanswered: Set<string>;
}

const RETRY_AFTER_MS = 100;
const BUSY_RETRY_AFTER_MS = 500;

/**
 * How many commands run at once. A command whose deadline has passed is answered but keeps its place in its session until
 * its handler has ended: otherwise a client could pile up handlers that nobody waits for. On the node it counts until it
 * is answered, which has a bound in time: handlers that never end must not take the node from everybody. Nor can one
 * client with many sessions: it has its share of those places.
 */
export class CommandPlaces {
  readonly #counts = new WeakMap<Session, Count>();
  readonly #ofNode: FairShare;

  constructor(
    private readonly bounds: Bounds,
    private readonly recorder: Recorder,
  ) {
    this.#ofNode = new FairShare(bounds.ofNode);
  }

  /** Places of `session` that are taken. */
  takenBy(session: Session): number {
    return this.#counts.get(session)?.taken ?? 0;
  }

  /** @throws CodedError `COMMAND_DUPLICATE`, `COMMANDS_IN_FLIGHT` or `BUSY` */
  take(session: Session, id: string): CommandPlace {
    const count = this.#counts.get(session) ?? { taken: 0, unanswered: new Set() };
    this.#counts.set(session, count);
    if (count.unanswered.has(id)) throw new CodedError('COMMAND_DUPLICATE', { outcome: 'unknown' });
    if (count.taken >= this.bounds.ofSession) throw full('COMMANDS_IN_FLIGHT', RETRY_AFTER_MS);
    if (!this.#ofNode.take(session.payer)) throw full('BUSY', BUSY_RETRY_AFTER_MS);
    count.taken++;
    count.unanswered.add(id);
    this.#show();
    return {
      answered: () => {
        count.unanswered.delete(id);
        this.#ofNode.leave(session.payer);
        this.#show();
      },
      left: () => void count.taken--,
    };
  }

  #show(): void {
    this.recorder.set(commandsInFlight, {}, this.#ofNode.size);
  }
}

function full(code: 'COMMANDS_IN_FLIGHT' | 'BUSY', retryAfterMs: number): CodedError {
  return new CodedError(code, { outcome: 'not-applied', retryAfterMs });
}
