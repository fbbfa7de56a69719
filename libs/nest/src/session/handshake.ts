import { PROTOCOL_VERSION, type Handshake } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

const MAX_TOKEN_LENGTH = 16_384;
/** A year: whoever says more has lost its clock. */
const MAX_AWAY_MS = 31_622_400_000;

/** @throws CodedError `PROTOCOL_UNSUPPORTED`, or `UNAUTHENTICATED` when there is no token. */
export function readHandshake(auth: unknown): Pick<Handshake, 'token'> {
  const { protocol, token } = (auth ?? {}) as Partial<Record<keyof Handshake, unknown>>;
  if (protocol !== PROTOCOL_VERSION) throw new CodedError('PROTOCOL_UNSUPPORTED');
  return { token: readToken(token) };
}

/** What a client says of its absence is only counted: `undefined` where it says nothing that could be true. */
export function readAwayMs(auth: unknown): number | undefined {
  const { awayMs } = (auth ?? {}) as Partial<Record<keyof Handshake, unknown>>;
  return typeof awayMs === 'number' && awayMs > 0 && awayMs <= MAX_AWAY_MS ? awayMs : undefined;
}

/** @throws CodedError `UNAUTHENTICATED` */
export function readToken(token: unknown): string {
  if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN_LENGTH) {
    throw new CodedError('UNAUTHENTICATED');
  }
  return token;
}
