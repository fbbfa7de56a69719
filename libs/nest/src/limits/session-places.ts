import { CodedError } from '../core/coded-error.js';
import { Tally } from '../core/tally.js';
import { limitReached } from './limit-reached.js';
import type { LimitOptions, SubjectLimits } from './limits.options.js';

/** By then another session of the same may have ended. */
const RETRY_AFTER_MS = 5_000;

export interface PlaceWanted {
  readonly payer: string;
  /** Bound by its address alone. */
  readonly isAnonymous: boolean;
  readonly address: string | undefined;
  readonly limits: Pick<SubjectLimits, 'maxSessionsPerSubject'>;
}

/** How many sessions a node has, those included that are about to begin. */
export class SessionPlaces {
  readonly #bySubject = new Tally();
  readonly #byAddress = new Tally();
  #taken = 0;

  constructor(private readonly options: Pick<LimitOptions, 'maxSessions' | 'maxSessionsPerAddress'>) {}

  /**
   * The answer gives the place back, once.
   *
   * @throws CodedError `RATE_LIMITED`, or `BUSY` when the node is full
   */
  take({ payer, isAnonymous, address, limits }: PlaceWanted): () => void {
    const ofAddress = address === undefined ? 0 : this.#byAddress.of(address);
    const bound = isAnonymous ? Infinity : limits.maxSessionsPerSubject;
    if (this.#bySubject.of(payer) >= bound) throw limitReached('sessions', RETRY_AFTER_MS);
    if (ofAddress >= this.options.maxSessionsPerAddress) throw limitReached('sessions', RETRY_AFTER_MS);
    if (this.#taken >= this.options.maxSessions) throw new CodedError('BUSY', { retryAfterMs: RETRY_AFTER_MS });
    const count = (by: 1 | -1): void => {
      this.#taken += by;
      this.#bySubject.add(payer, by);
      if (address !== undefined) this.#byAddress.add(address, by);
    };
    count(1);
    let isTaken = true;
    return () => {
      if (isTaken) count(-1);
      isTaken = false;
    };
  }
}
