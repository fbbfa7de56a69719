import { BootError } from '../../core/boot-error.js';
import { sqlState } from '../sql-error.js';

/** Classes and codes of SQLSTATE that say "not now": the server starts, stops, fails over, is full, or was interrupted. */
const PASSING_STATES = ['08', '25', '40', '53', '55', '57', '58', 'XX'];
/** What Node says of a certificate or of TLS, and of an address or a socket that it may not use. */
const LASTING_CODES = /^(ERR_TLS|ERR_SSL|ERR_INVALID|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EACCES$|EPERM$)/;
/** What the driver says in words alone. */
const LASTING_TEXTS = /^(The server does not support SSL|SASL: |Cannot use a pool after|client password must)/;

/**
 * Whether the database may do later what it did not do now: it cannot be reached, it starts, it is the standby of a
 * failover, it has no connection left. Not so a wrong password, a missing database or right, or a fault of the program.
 */
export function isPassing(error: unknown): boolean {
  const errors = errorsIn(error);
  if (errors.some((one) => one instanceof BootError)) return false;
  const state = errors.map(sqlState).find((found) => found !== undefined);
  if (state !== undefined) return PASSING_STATES.some((family) => state.startsWith(family));
  return !errors.some(isLasting);
}

/** What happened, in the words of the one who saw it: of the server or of the network. */
export function reasonOf(error: unknown): string {
  const root = errorsIn(error).at(-1);
  if (!(root instanceof Error)) return String(error);
  return root.message || codeOf(root) || root.name;
}

/** For a failure that no waiting mends. */
export function bootErrorOf(error: unknown): BootError {
  if (error instanceof BootError) return error;
  const state = errorsIn(error)
    .map(sqlState)
    .find((found) => found !== undefined);
  return new BootError(`The database of the stream cannot be used (${reasonOf(error)}): ${adviceFor(state)}`, {
    cause: error,
  });
}

function adviceFor(state: string | undefined): string {
  if (state?.startsWith('28')) return 'check user and password of `postgres` in the options, and pg_hba.conf';
  if (state === '3D000') return 'create this database, or check `postgres` in the options';
  if (state === '42501') return 'grant its role what it lacks';
  return 'check `postgres` in the options';
}

/** An unknown name of a host is none: names come and go while services are moved. */
function isLasting(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return true;
  return LASTING_CODES.test(codeOf(error)) || LASTING_TEXTS.test(error.message);
}

function codeOf(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

const MAX_ERRORS = 10;

/** It, what it wraps, and what was tried at once: a name with two addresses fails as one error of two. */
function errorsIn(error: unknown): unknown[] {
  const found: unknown[] = [error];
  for (let at = 0; at < found.length && found.length < MAX_ERRORS; at++) {
    const one = found[at];
    if (one instanceof AggregateError) found.push(...(one.errors as unknown[]));
    if (one instanceof Error && one.cause !== undefined) found.push(one.cause);
  }
  return found;
}
