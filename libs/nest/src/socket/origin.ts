import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a handshake may come from where it says it does. Socket.IO itself asks this of polling only: over websocket
 * any page could connect with its visitor's cookies. The scheme of the own host is not compared: TLS may end at a proxy.
 */
export function isOriginAllowed({ origin, host }: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const own = new URL(origin);
  return (own.protocol === 'https:' || own.protocol === 'http:') && own.host === host;
}
