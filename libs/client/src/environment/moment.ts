import type { BackoffOptions } from '../connection/backoff.js';
import type { Environment } from './environment.port.js';

/** What a transition may know of the world. */
export interface Moment {
  readonly now: number;
  readonly random: number;
  readonly backoff: BackoffOptions;
}

export const momentIn = (environment: Environment, backoff: BackoffOptions): Moment => ({
  now: environment.now(),
  random: environment.random(),
  backoff,
});
