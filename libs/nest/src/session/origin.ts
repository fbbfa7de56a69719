import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a handshake may come from where it says it does. Socket.IO itself asks this of polling only: over websocket
 * any page could connect with its visitor's cookies.
 */
export function isOriginAllowed({ origin, host }: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
