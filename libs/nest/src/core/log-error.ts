import type { Logger } from '@nestjs/common';

const MAX_CAUSES = 5;

/**
 * Logs an error as Nest documents it: text, stack, and the context that the logger adds. An `Error` inside an object
 * has no enumerable properties, so pino, winston and every other JSON logger prints it as `{}`.
 */
export function logError(logger: Pick<Logger, 'error'>, message: string, error: unknown): void {
  logger.error(`${message}: ${reasonOf(error)}`, stackOf(error));
}

/** What an error says in one line. A failed connection attempt has its reasons in `errors`, and says nothing itself. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  const code = 'code' in error && typeof error.code === 'string' && !error.message.includes(error.code) && error.code;
  const inner = error instanceof AggregateError ? error.errors.slice(0, MAX_CAUSES).map(reasonOf).join('; ') : '';
  const text = error.message || inner || error.name;
  return code ? `${text} (${code})` : text;
}

/** With the stacks of what it was caused by; `undefined` for what has none. */
function stackOf(error: unknown): string | undefined {
  const stacks: string[] = [];
  for (let cause = error; cause instanceof Error && stacks.length < MAX_CAUSES; cause = cause.cause) {
    stacks.push(cause.stack ?? `${cause.name}: ${cause.message}`);
  }
  return stacks.length > 0 ? stacks.join('\nCaused by: ') : undefined;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
