import { isIPv4, isIPv6 } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';

export interface Peer {
  /** Absent where the connection came over a Unix socket, or is gone; Socket.IO does not say so. */
  readonly address: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Where no stranger connects from: the host itself, private networks, and the one that providers have for their own. */
const PRIVATE =
  /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|::1$|f[cd]|fe80:)/;
/** Some proxies write the port behind it, and then brackets around IPv6. */
const TOLD = /^(?:\[(?<six>[^\]]*)\]|(?<four>[\d.]+))(?::\d{1,5})?$/;

/**
 * Tells networks of clients apart. Proxies write behind what they were sent the address that they saw, so with `hops` of
 * them it is the one that stands so far from the end of `X-Forwarded-For`; what stands before anybody may have written.
 * Of IPv6 it is the /64, because one customer has all of its addresses. `undefined`: it is not known.
 */
export function knownNetworkOf({ address, headers }: Peer, hops: number | 'auto'): string | undefined {
  const own = address && plain(address);
  const isAuto = hops === 'auto';
  const trusted = isAuto ? Number(!own || PRIVATE.test(own)) : hops;
  const ownGroup = own ? groupOf(own) : undefined;
  if (trusted === 0) return ownGroup;
  const written = [headers['x-forwarded-for']].flat().join().split(',').at(-trusted)?.trim() ?? '';
  const { six, four } = TOLD.exec(written)?.groups ?? {};
  const told = six ?? four ?? written;
  if (isIPv4(told) || isIPv6(told)) return groupOf(plain(told));
  return isAuto ? undefined : ownGroup;
}

/** The same, or where the connection comes from, for what only tells clients apart. */
export const networkOf = (peer: Peer, hops: number | 'auto' = 'auto'): string =>
  knownNetworkOf(peer, hops) ?? groupOf(plain(peer.address ?? ''));

const groupOf = (address: string): string => (isIPv6(address) ? prefixOf(address) : address);

/** The first four groups, also of `2001:db8::1`, which leaves out those that are 0. */
function prefixOf(address: string): string {
  const [before = [], after = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}

/** IPv4 in the clothes of IPv6 is IPv4. */
const plain = (address: string): string => address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
