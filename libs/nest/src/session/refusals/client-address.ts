import { isIPv4, isIPv6 } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';

export interface Peer {
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
}

/** Where no stranger connects from: the host itself and private networks. */
const PRIVATE = /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80:)/;

/**
 * Tells networks of clients apart; it decides nothing about a client. Behind a proxy, which has a private address, it is
 * what the proxy wrote last into `X-Forwarded-For`; what stands before that anybody may have written. Of IPv6 it is the
 * /64, because one customer has all of its addresses.
 */
export function networkOf({ address, headers }: Peer): string {
  const own = plain(address);
  const told = PRIVATE.test(own) ? [headers['x-forwarded-for']].flat().join().split(',').at(-1)?.trim() : undefined;
  const known = told && (isIPv4(told) || isIPv6(told)) ? plain(told) : own;
  return isIPv6(known) ? prefixOf(known) : known;
}

/** The first four groups, also of `2001:db8::1`, which leaves out those that are 0. */
function prefixOf(address: string): string {
  const [before = [], after = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}

/** IPv4 in the clothes of IPv6 is IPv4. */
const plain = (address: string): string => address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
