import type { ExecutionContext } from '@nestjs/common';
import { CONTEXT_ARGUMENT } from './nest-invoker.js';
import type { Session } from './session.js';

/**
 * The session that a guard, an interceptor or a filter is asked for: of the one who sent the command, or who wants to
 * subscribe to the channel that the pattern of `switchToWs()` names.
 *
 * @throws TypeError outside of commands and channel policies
 * @publicApi
 */
export function sessionOf(execution: ExecutionContext): Session {
  const context = execution.getArgByIndex<{ readonly session?: Session } | undefined>(CONTEXT_ARGUMENT);
  if (execution.getType() === 'ws' && context?.session) return context.session;
  throw new TypeError(`${execution.getClass().name} is reached by no session: only commands and channel policies are`);
}
