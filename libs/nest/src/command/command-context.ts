import type { ExecutionContext } from '@nestjs/common';
import { CONTEXT_ARGUMENT } from '../session/nest-invoker.js';
import type { Session } from '../session/session.js';
import { RunningCommand } from './running-command.js';

/**
 * One command on its way through guards, pipes, interceptors and handler.
 *
 * @publicApi
 */
export interface CommandContext {
  /** As the client chose it; the same over retries. */
  readonly id: string;
  /** Of the command contract. */
  readonly name: string;
  /** Who sent it. */
  readonly session: Session;
  /** Aborts when the deadline has passed. */
  readonly deadline: AbortSignal;
}

/**
 * The command that a guard, an interceptor or a parameter decorator stands before.
 *
 * @throws TypeError outside of a command
 * @publicApi
 */
export function commandOf(execution: ExecutionContext): CommandContext {
  return runningCommandOf(execution);
}

/** @throws TypeError outside of a command */
export function runningCommandOf(execution: ExecutionContext): RunningCommand {
  const context: unknown = execution.getArgByIndex(CONTEXT_ARGUMENT);
  if (context instanceof RunningCommand) return context;
  const place = `${execution.getClass().name}.${execution.getHandler().name}`;
  throw new TypeError(`${place} is not called by a command: only a method under @Command() is`);
}
