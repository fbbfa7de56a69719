import { PROTOCOL_VERSION, type Handshake } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

const MAX_TOKEN_LENGTH = 16_384;
/** A year: whoever says more has lost its clock. */
const MAX_AWAY_MS = 31_622_400_000;
const DECIMAL = /^\d{1,16}(?:\.\d{1,6})?$/;

/** @throws CodedError `PROTOCOL_UNSUPPORTED`, or `UNAUTHENTICATED` when there is no token. */
export function readHandshake(auth: unknown): Pick<Handshake, 'token'> {
  const { protocol, token } = (auth ?? {}) as Partial<Record<keyof Handshake, unknown>>;
  if (readNumber(protocol) !== PROTOCOL_VERSION) throw new CodedError('PROTOCOL_UNSUPPORTED');
  return { token: readToken(token) };
}

/** What a client says of its absence is only counted: `undefined` where it says nothing that could be true. */
export function readAwayMs(auth: unknown): number | undefined {
  const { awayMs } = (auth ?? {}) as Partial<Record<keyof Handshake, unknown>>;
  const number = readNumber(awayMs);
  return number !== undefined && number > 0 && number <= MAX_AWAY_MS ? number : undefined;
}

/** Some clients of Socket.IO, Java's among them, can only send strings here. */
function readNumber(value: unknown): number | undefined {
  if (typeof value === 'string') return DECIMAL.test(value) ? Number(value) : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** @throws CodedError `UNAUTHENTICATED` */
export function readToken(token: unknown): string {
  if (typeof token !== 'string' || token === '') throw new CodedError('UNAUTHENTICATED', { reason: 'missing' });
  if (token.length > MAX_TOKEN_LENGTH) throw new CodedError('UNAUTHENTICATED', { reason: 'malformed' });
  return token;
}
