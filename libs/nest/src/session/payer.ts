import type { Identity } from './authenticator.port.js';
import { networkOf, type Peer } from './refusals/client-address.js';

/** Under which key shares are counted. A subject can be written like an address, so each says what it is. */
export function payerOf({ subject, isAnonymous }: Identity, peer: Peer): string {
  return isAnonymous === true ? `network ${networkOf(peer)}` : `subject ${subject}`;
}
