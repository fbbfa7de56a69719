import { classOf, reasonOf, stackOf } from './log/error-text.js';
import type { CrowdLogger } from './log/crowd-logger.js';
import type { LineLogger } from './log/line-logger.js';
import { oneLine } from './log/one-line.js';

export { reasonOf } from './log/error-text.js';

/**
 * Writes an error as Nest documents it: text, stack, and the context that the logger adds. An `Error` inside an object
 * has no enumerable properties, so pino, winston and every other JSON logger prints it as `{}`; an error of PostgreSQL
 * has many, and prints the values of the row.
 */
export function writeError(logger: Pick<LineLogger, 'error'>, message: string, error: unknown): void {
  logger.error(oneLine(`${message}: ${reasonOf(error)}`), stackOf(error));
}

/**
 * Writes one of a class a second, with its stack; the rest is counted. The answer is the id of the entry that stands for this
 * error, which is `errorId` unless one of its class was logged just before.
 */
export function logError(logger: CrowdLogger, message: string, error: unknown, errorId = ''): string {
  // Of the text only the first word, such as `subscribe`: behind it may be a name that a client made up.
  const kind = `${message.split(' ', 1)[0]} ${classOf(error)}`;
  const shown = errorId === '' ? message : `${message} (errorId ${errorId})`;
  return logger.repeated.writeOnce(kind, errorId, () => writeError(logger, shown, error));
}
