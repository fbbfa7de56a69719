import { PROTOCOL_VERSION, type Handshake } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

const MAX_TOKEN_LENGTH = 16_384;

/** @throws CodedError `PROTOCOL_UNSUPPORTED`, or `UNAUTHENTICATED` when there is no token. */
export function readHandshake(auth: unknown): Pick<Handshake, 'token'> {
  const { protocol, token } = (auth ?? {}) as Partial<Record<keyof Handshake, unknown>>;
  if (protocol !== PROTOCOL_VERSION) throw new CodedError('PROTOCOL_UNSUPPORTED');
  return { token: readToken(token) };
}

/** @throws CodedError `UNAUTHENTICATED` */
export function readToken(token: unknown): string {
  if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN_LENGTH) {
    throw new CodedError('UNAUTHENTICATED');
  }
  return token;
}
