import type { ClientFrameName } from '../transport/transport.port.js';
import type { Principal } from '../principal.js';
import type { Outgoing } from './outgoing.js';
import type { RequestState } from './request-state.js';

/** One request between its call and its end. */
export interface PendingRequest {
  readonly name: ClientFrameName;
  readonly frame: Outgoing;
  /** For whom it was made. */
  readonly owner: Principal;
  readonly timeoutMs: number;
  readonly resolve: (answer: object) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  state: RequestState;
  cancelTimer: () => void;
}
