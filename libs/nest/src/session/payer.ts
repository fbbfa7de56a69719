import { networkOf, type Peer } from '../limits/client-address.js';
import type { LimitOptions } from '../limits/limits.options.js';
import type { Identity } from './authenticator.port.js';

/** Under which key shares are counted. A subject can be written like an address, so each says what it is. */
export function payerOf({ subject, isAnonymous }: Identity, peer: Peer, hops?: LimitOptions['trustedHops']): string {
  return isAnonymous === true ? `network ${networkOf(peer, hops)}` : `subject ${subject}`;
}
