import { CodedError } from '../core/coded-error.js';
import type { Session } from '../session/session.js';

/** One command in its session's count. */
export interface CommandPlace {
  /** Its id may come again. */
  answered(): void;
  /** Another command may take its place. */
  left(): void;
}

interface Count {
  taken: number;
  readonly unanswered: Set<string>;
}

const RETRY_AFTER_MS = 100;

/**
 * How many commands of a session run at once. A command whose deadline has passed is answered but keeps its place until
 * its handler has ended: otherwise a client could pile up handlers that nobody waits for.
 */
export class CommandPlaces {
  readonly #counts = new WeakMap<Session, Count>();

  constructor(private readonly maxInFlight: number) {}

  /** Places of `session` that are taken. */
  takenBy(session: Session): number {
    return this.#counts.get(session)?.taken ?? 0;
  }

  /** @throws CodedError `COMMAND_DUPLICATE` or `COMMANDS_IN_FLIGHT` */
  take(session: Session, id: string): CommandPlace {
    const count = this.#counts.get(session) ?? { taken: 0, unanswered: new Set() };
    this.#counts.set(session, count);
    if (count.unanswered.has(id)) throw new CodedError('COMMAND_DUPLICATE');
    if (count.taken >= this.maxInFlight) {
      throw new CodedError('COMMANDS_IN_FLIGHT', { outcome: 'not-applied', retryAfterMs: RETRY_AFTER_MS });
    }
    count.taken++;
    count.unanswered.add(id);
    return {
      answered: () => void count.unanswered.delete(id),
      left: () => void count.taken--,
    };
  }
}
