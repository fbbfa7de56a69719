import { causesOf, dataException, isServerError, nameOfDataException, sqlState } from '../database-error.js';
import { oneLine } from './one-line.js';

const MAX_CAUSES = 5;
const MAX_FRAMES = 30;

/**
 * What an error says in one line. A failed connection attempt has its reasons in `errors`, and says nothing itself.
 *
 * Values that a statement was given stay out: PostgreSQL repeats them in the message of a data exception and in `detail`
 * and `where` of others, and an ORM puts them, with the statement, into its own message.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(textOf(error));
  const state = dataException(error);
  if (state !== undefined) return `${nameOfDataException(state)} (SQLSTATE ${state})`;
  const causes = causesOf(error);
  const told = causes.find((cause, index) => !repeatsStatement(cause, causes.slice(index + 1)));
  return oneLine(told ? sayingOf(told) : error.name);
}

/** With the stacks of what it was caused by; `undefined` for what has none. */
export function stackOf(error: unknown): string | undefined {
  const causes = causesOf(error);
  const isOfDatabase = causes.some((cause) => isServerError(cause) || repeatsStatement(cause, []));
  const headline = (cause: Error): string =>
    isOfDatabase ? `${cause.name}: ${reasonOf(cause)}` : oneLine(headOf(cause));
  const stacks = causes.slice(0, MAX_CAUSES).map((cause) => [headline(cause), ...framesOf(cause)].join('\n'));
  return stacks.length > 0 ? stacks.join('\nCaused by: ') : undefined;
}

/** What errors of one class have in common; nothing of it comes from a client. */
export function classOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return causesOf(error)
    .map((cause) => `${cause.name} ${sqlState(cause) ?? ''} ${framesOf(cause)[0] ?? ''}`)
    .join('|');
}

/** Whether a library put a statement and its parameters into the message; with `inner` it may have copied their fields. */
function repeatsStatement(error: Error, inner: readonly Error[]): boolean {
  if (isServerError(error)) return inner.some(isServerError);
  return Object.keys(error).some((name) => /^(?:query|sql|params|parameters)$/i.test(name));
}

/** The stack's own first line, which has the name that the error was born with. */
function headOf({ stack, name, message }: Error): string {
  const end = stack?.search(/\n {4}at /) ?? -1;
  if (stack === undefined || (message !== '' && !stack.includes(message))) return `${name}: ${message}`;
  const ofMessage = message === '' ? -1 : stack.indexOf(message) + message.length;
  return stack.slice(0, ofMessage >= 0 ? ofMessage : end >= 0 ? end : stack.length);
}

/** Behind the message, which may itself have lines that look like frames. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const at = message === '' ? 0 : stack.indexOf(message);
  const behind = at < 0 ? stack : stack.slice(at + message.length);
  return behind
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, MAX_FRAMES)
    .map(oneLine);
}

function sayingOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' && !error.message.includes(error.code) && error.code;
  const inner = error instanceof AggregateError ? error.errors.slice(0, MAX_CAUSES).map(reasonOf).join('; ') : '';
  const text = error.message || inner || error.name;
  return code ? `${text} (${code})` : text;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
