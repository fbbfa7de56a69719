import type { CommandOutcome, ErrorCode, RetryPolicy, WireError } from '@millrace/protocol';

/**
 * The errors that the SDK makes itself. The registry holds them too, with advice for every error of the server:
 * importing it here would put a quarter of the size on every page. A test keeps the two equal.
 */
export const sdkErrors = {
  CONNECTION_LOST: ['backoff', 'The connection was lost before the answer came.'],
  DEADLINE_EXCEEDED: ['backoff', 'The command was not done before its deadline.'],
  COMMAND_EXPIRED: ['backoff', 'The command waited longer for a connection than it may.'],
  QUEUE_FULL: ['backoff', 'More commands wait for a connection than the SDK holds.'],
  COMMAND_INVALID: ['never', 'The data of the command is not JSON.'],
  COMMAND_TOO_LARGE: ['never', 'The command is larger than the server takes.'],
  FRAME_TOO_COMPLEX: ['never', 'The data is nested too deeply or has too many values.'],
  CHANNEL_INVALID: ['never', 'This is not the name of a channel.'],
  FRAME_INVALID: ['never', 'The frame does not have the form that the protocol asks for.'],
  EVENTS_WAITING: ['resync', 'More events wait for a loop over a subscription than the SDK holds.'],
  CLIENT_CLOSED: ['never', 'The client was closed.'],
  CONNECT_FAILED: ['backoff', 'The connection could not be opened.'],
  OPTION_INVALID: ['never', 'An option of the client is not valid.'],
} as const satisfies Partial<Record<ErrorCode, readonly [RetryPolicy, string]>>;

export function sdkError(code: keyof typeof sdkErrors, outcome?: CommandOutcome): WireError {
  const [retry, message] = sdkErrors[code];
  return { code, message, retry, ...(outcome && { outcome }) };
}
