import type { WireError } from '../errors.js';

/** Every client frame is answered with this, in its Socket.IO acknowledgement. @publicApi */
export type Answer<Body extends object = object> = ({ readonly ok: true } & Body) | Refusal;

/** The answer to a frame that was not carried out. @publicApi */
export interface Refusal {
  /** Tells it from a success. */
  readonly ok: false;
  /** Why, and what to do. */
  readonly error: WireError;
}
