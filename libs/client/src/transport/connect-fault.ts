import type { WireError } from '@millrace/protocol';
import { sdkError } from '../sdk-errors.js';

/** Why a connection could not be opened, with what to look at. docs/errors.md has the same. */
export const connectFaults = {
  unreachable: 'Nobody answers: look at host and port of `url`, and whether the server runs.',
  unresolvable: 'The host of `url` is not known.',
  tls: 'TLS failed: look at scheme and port of `url`, and at the certificate.',
  'not-http': 'The server does not speak HTTP: look at scheme and port of `url`.',
  redirect: 'The server redirects: give the address it redirects to as `url`.',
  status:
    'The server refuses the websocket: look at its `session.allowedOrigins`, at `path`, and at proxies without `Upgrade`.',
  namespace: 'The Socket.IO server is not Millrace: look at `url`, `path`, and whether it imports MillraceModule.',
  middleware: 'Another middleware of the server refuses.',
  closed: 'The server closes the connection: look at port, `path` and proxies.',
  silent: 'The server says nothing: look at port, `path` and proxies.',
  unknown:
    'The browser does not say why: look at host and port of `url`, and whether the server runs, at its `session.allowedOrigins`, at `path`, and at proxies without `Upgrade`, and at the certificate.',
} as const satisfies Record<string, string>;

export type ConnectFault = keyof typeof connectFaults;

export function connectFailed(reason: ConnectFault, detail = ''): WireError {
  return { ...sdkError('CONNECT_FAILED'), message: connectFaults[reason] + (detail && ` (${detail})`), reason };
}

const STATUS = /Unexpected server response: (\d+)/;

/** By what Node says; browsers say nothing. The first that fits. */
const signs: readonly (readonly [RegExp, ConnectFault])[] = [
  [/Unexpected server response: 3\d\d/, 'redirect'],
  [STATUS, 'status'],
  [/ENOTFOUND|EAI_/, 'unresolvable'],
  [/certificate|CERT|EPROTO|SSL|TLS/, 'tls'],
  [/Parse Error|HPE_/, 'not-http'],
  [/ECONN|EHOST|ENET|ETIMEDOUT|EADDR|hang up|EPIPE/, 'unreachable'],
];

/** What socket.io-client's `connect_error` comes to. */
export function connectFault(error: Error & { readonly description?: unknown; readonly type?: unknown }): WireError {
  if (error.message === 'Invalid namespace') return connectFailed('namespace');
  if (error.message === 'timeout') return connectFailed('silent');
  // Only the transport's own errors have a type; those of a middleware are an answer.
  if (error.type === undefined) return connectFailed('middleware', error.message);
  const detail = textOf(error.description);
  const fault = signs.find(([sign]) => sign.test(detail))?.[1] ?? 'unknown';
  const status = STATUS.exec(detail)?.[1];
  return connectFailed(fault, status ? `HTTP status ${status}` : detail);
}

function textOf(description: unknown): string {
  const { message, error } = (description ?? {}) as {
    message?: unknown;
    error?: { code?: unknown; message?: unknown };
  };
  return [error?.code, message ?? error?.message].filter((text) => typeof text === 'string' && text !== '').join(' ');
}
