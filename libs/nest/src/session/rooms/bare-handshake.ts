/** Says who somebody is or where a request came from; nothing of it lets anybody in. */
const KEPT_HEADERS = ['host', 'origin', 'user-agent', 'accept-language'];

interface Handshake {
  readonly headers?: unknown;
  readonly url?: unknown;
}

/**
 * What one node tells another of its sockets, for `fetchSockets()`: without cookies, `Authorization`, query and `auth`,
 * in which credentials travel. Whoever may subscribe to Redis could read them, and use them.
 */
export function withBareHandshakes(payload: string | Buffer): string | Buffer {
  if (typeof payload !== 'string' || !payload.includes('"handshake"')) return payload;
  const response = JSON.parse(payload) as { readonly sockets?: unknown };
  const { sockets } = response;
  if (!Array.isArray(sockets)) return payload;
  return JSON.stringify({ ...response, sockets: sockets.map(bareSocket) });
}

function bareSocket(socket: unknown): object {
  const { handshake, ...rest } = Object(socket) as { readonly handshake?: Handshake };
  return { ...rest, handshake: bareHandshake(Object(handshake) as Handshake) };
}

function bareHandshake({ headers, url, ...rest }: Handshake): object {
  const kept = Object.entries(Object(headers) as object).filter(([name]) => KEPT_HEADERS.includes(name.toLowerCase()));
  return {
    ...rest,
    headers: Object.fromEntries(kept),
    url: typeof url === 'string' ? url.split('?', 1)[0] : '',
    query: {},
    auth: {},
  };
}
