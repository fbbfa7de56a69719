import type { ExecutionContext } from '@nestjs/common';
import { runningCommandOf } from './command-context.js';
import type { RunningCommand } from './running-command.js';

/**
 * Where the command travels among the arguments of the handler, far behind those that the method declares. Not in the
 * async context: an interceptor that queues commands runs one in the context of another.
 */
export const COMMAND_ARGUMENT = 32;

/** A function, so that no global pipe takes it apart. */
export function commandArgument(_: unknown, execution: ExecutionContext): () => RunningCommand {
  const command = runningCommandOf(execution);
  return () => command;
}

/** Only marks the place. Parameters are resolved before there is a transaction: a refused command takes no connection. */
export function transactionArgument(_: unknown, execution: ExecutionContext): void {
  runningCommandOf(execution);
}
