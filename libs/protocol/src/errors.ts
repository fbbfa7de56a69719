import type { TokenFault } from './error-reasons.js';

/**
 * What a client may do about an error, decided by the server so that no client has to know the codes:
 * `never` repeat the request; repeat after `backoff`; after `reauthenticate` with a fresh token; after a
 * `resync` of its state; after a `reconnect`.
 *
 * @publicApi
 */
export type RetryPolicy = 'never' | 'backoff' | 'reauthenticate' | 'resync' | 'reconnect';

/** Whether the effects of a failed command stand: they do, they do not, or nobody can tell. @publicApi */
export type CommandOutcome = 'applied' | 'not-applied' | 'unknown';

/** What the registry says about a code. @publicApi */
export interface ErrorEntry {
  /** What a client may do about it. */
  readonly retry: RetryPolicy;
  /** What happened, for developers. */
  readonly message: string;
  /** What to do, for developers; it is not sent. */
  readonly remediation: string;
}

const entry = (retry: RetryPolicy, message: string, remediation: string): ErrorEntry => ({
  retry,
  message,
  remediation,
});

/** Every error that crosses the wire or reaches a caller. A code is never renamed. @publicApi */
export const errors = {
  // Connection and authentication
  PROTOCOL_UNSUPPORTED: entry(
    'never',
    'The server does not speak this version of the protocol.',
    'Use a client of the same major version as the server.',
  ),
  UNAUTHENTICATED: entry(
    'reauthenticate',
    'The token is missing, malformed or not accepted.',
    'Read `reason`. Fetch a new token; if it is refused again, compare what `reason` names with the options of jwt().',
  ),
  TOKEN_EXPIRED: entry(
    'reauthenticate',
    'The token has expired.',
    'Return a fresh token from the `token` function. With `reason: "clock"` it was fresh: compare the clocks of node and issuer.',
  ),
  PRINCIPAL_CHANGED: entry(
    'reconnect',
    'The token or the request is of another user than the session is.',
    'Open a new connection for another user. For a command the retry policy is `never`: it was asked for by the user before.',
  ),
  SESSION_ENDED: entry('reconnect', 'The session has ended.', 'Connect again; the SDK does so by itself.'),
  SESSION_REVOKED: entry(
    'reauthenticate',
    'The application ended the sessions of this user.',
    'Fetch a new token and connect again; the SDK does so by itself. To keep a user out, block the subject.',
  ),
  SUBJECT_BLOCKED: entry(
    'never',
    'This user is blocked.',
    'Nothing but `connect()` tries again. An operator or the application takes the block back, or it ends.',
  ),
  DRAINING: entry(
    'reconnect',
    'This node is shutting down.',
    'Connect again after `retryAfterMs`; another node answers.',
  ),
  // Any frame
  FRAME_INVALID: entry(
    'never',
    'The frame does not have the form that the protocol asks for.',
    'Send frames as docs/protocol.md describes them, or use the SDK. `details` names a key that is not allowed: `__proto__` or `constructor`.',
  ),
  FRAME_TOO_COMPLEX: entry(
    'never',
    'The data is nested too deeply or has too many values.',
    'Send less in one frame, or raise `session.maxFrameDepth` or `session.maxFrameNodes`.',
  ),
  RATE_LIMITED: entry(
    'backoff',
    'More was asked for than may be within a time.',
    'Wait `retryAfterMs`. `reason` names the limit of the subject or the address, see the options of `limits`. Without it it is the frames of one connection: send fewer, or raise `session.framesPerSecond` and `session.frameBurst`; beyond five times as much the connection is cut.',
  ),
  BUSY: entry('backoff', 'The node has as much of this work as it takes at once.', 'Try again after `retryAfterMs`.'),
  FORBIDDEN: entry(
    'never',
    'The principal may not do this.',
    'Check the guards of the command or the policy of the channel.',
  ),
  INTERNAL: entry(
    'never',
    'The server failed to handle the request.',
    'Look for the `errorId` in the log of the server. Where nothing can have come of it, `retry` is `backoff`.',
  ),
  // Commands
  COMMAND_UNKNOWN: entry(
    'never',
    'No handler takes this command.',
    'Declare it with @Command() in a class under @Gateway() that is a provider of a module.',
  ),
  VALIDATION_FAILED: entry(
    'never',
    'The data of the command is not valid.',
    'Read `details`: one entry a field, with the rules it broke.',
  ),
  VALUE_INVALID: entry(
    'never',
    'The database does not accept a value of the request.',
    'Check values before a statement gets them, such as @IsUUID() and @Max() in the DTO or a test in the policy: PostgreSQL answered with an SQLSTATE of class 22, which the log names.',
  ),
  REJECTED: entry(
    'never',
    'The application rejected the request.',
    'Read the message: it is the one of the HttpException or WsException that the application threw. `status` is the HTTP status, if there is one.',
  ),
  TOO_MANY_REQUESTS: entry(
    'backoff',
    'The application limits how often this may be done.',
    'Wait `retryAfterMs`, if it is there. A guard or a handler threw an HttpException with status 429; the limits of Millrace itself answer RATE_LIMITED.',
  ),
  UNAVAILABLE: entry(
    'backoff',
    'The application cannot do this now.',
    'Wait `retryAfterMs`, if it is there. A guard or a handler threw an HttpException with status 503 or 408.',
  ),
  DEADLINE_EXCEEDED: entry(
    'backoff',
    'The command was not done before its deadline.',
    'Read `outcome`; make the handler faster, or raise `deadlineMs` of @Command().',
  ),
  COMMANDS_IN_FLIGHT: entry(
    'backoff',
    'The session waits for the answers of too many commands.',
    'Wait for answers, or raise `session.maxCommandsInFlight`.',
  ),
  COMMAND_DUPLICATE: entry(
    'never',
    'A command with this id is being handled on this session.',
    'Use a new id for a new command.',
  ),
  RESULT_INVALID: entry(
    'never',
    'The handler returned something that JSON would change. `outcome` says whether its effects were committed.',
    'Read `details`: the path of the value. Return plain data: no NaN, Map, BigInt, Buffer or cycle, no nesting beyond the bound.',
  ),
  // Transactions and publishing
  TRANSACTION_ENDED: entry(
    'never',
    'The transaction of the command has ended.',
    'Await every query and every publish before the handler returns.',
  ),
  TRANSACTION_ABORTED: entry(
    'backoff',
    'The database rolled the transaction back.',
    'Send the command again; look for conflicts if it happens often.',
  ),
  TRANSACTION_IN_DOUBT: entry(
    'never',
    'Whether the transaction was committed is not known.',
    'Read the state before repeating the command: the connection was lost during COMMIT, or a handler ended its transaction itself.',
  ),
  TRANSACTION_TOO_LARGE: entry(
    'never',
    'The transaction publishes more events than one transaction may.',
    'Split the work, or raise `stream.maxEventsPerTransaction`.',
  ),
  EVENT_INVALID: entry(
    'never',
    'The event cannot be stored: JSON would change its data, or a name is out of bounds.',
    'Read `details`: the path of the value. Publish plain data, no NaN, Map, BigInt or Buffer, with a type of the contract.',
  ),
  EVENT_TOO_LARGE: entry(
    'never',
    'The data of the event is larger than an event may be.',
    'Publish a reference instead, or raise `stream.maxEventBytes`.',
  ),
  OVERLOADED: entry(
    'backoff',
    'More events wait to be numbered than this node holds.',
    'Publish slower, or raise `stream.maxWaitingPublishes`.',
  ),
  STREAM_UNAVAILABLE: entry(
    'backoff',
    'The database cannot be reached or did not answer in time.',
    'Check the database; the request may be repeated.',
  ),
  // Channels
  CHANNEL_INVALID: entry(
    'never',
    'This is not the name of a channel.',
    'Use segments of letters, digits, "_" and "-", joined by dots, 255 characters at most.',
  ),
  SUBSCRIPTION_LIMIT: entry(
    'never',
    'The session has as many subscriptions as it may.',
    'Unsubscribe, or raise `session.maxSubscriptions`.',
  ),
  SUBSCRIPTION_ENDED: entry(
    'backoff',
    'The subscription was ended before its answer was ready.',
    'Nothing, if the client unsubscribed; otherwise subscribe again.',
  ),
  POSITION_INVALID: entry(
    'resync',
    'This is not a position that a server handed out.',
    'Subscribe without `since` and reload the state.',
  ),
  NOT_DURABLE: entry(
    'never',
    'The channel keeps no history.',
    'Only channels with `delivery: "durable"` have positions and history.',
  ),
  // Said by the SDK itself
  CONNECTION_LOST: entry(
    'backoff',
    'The connection was lost before the answer came.',
    'Read `outcome`: "unknown" means that the command may have been applied.',
  ),
  COMMAND_EXPIRED: entry(
    'backoff',
    'The command waited longer for a connection than it may.',
    'Try again when connected, or raise `expiresAfterMs`.',
  ),
  QUEUE_FULL: entry(
    'backoff',
    'More commands wait for a connection than the SDK holds.',
    'Wait for answers, or raise `maxQueuedCommands`.',
  ),
  EVENTS_WAITING: entry(
    'resync',
    'More events wait for a loop over a subscription than the SDK holds.',
    'Subscribe again with `since: meta.position` of the last event that the loop handled, and do less in the loop.',
  ),
  COMMAND_INVALID: entry(
    'never',
    'The data of the command is not JSON.',
    'Read `details`: it names the place. Send plain data: no NaN, no invalid Date, no Map, no BigInt, no binary data, no cycle.',
  ),
  COMMAND_TOO_LARGE: entry(
    'never',
    'The command is larger than the server takes.',
    'Send less at once, or raise `session.maxFrameBytes`.',
  ),
  CLIENT_CLOSED: entry('never', 'The client was closed.', 'Create a new client.'),
  CONNECT_FAILED: entry(
    'backoff',
    'The connection could not be opened.',
    'Read the message and `reason`: they say what to look at. The SDK tries on.',
  ),
  OPTION_INVALID: entry(
    'never',
    'An option of the client is not valid.',
    'Read the message: it names the option of createClient() and what it must be.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** A code of the registry. @publicApi */
export type ErrorCode = keyof typeof errors;

/** One field that failed validation. @publicApi */
export interface FieldError {
  /** Path with dots, such as `crew.0.name`. */
  readonly field: string;
  /** Text of each rule that does not hold, by the name of the rule. */
  readonly rules: Readonly<Record<string, string>>;
}

/** An error as it crosses the wire. `code` may be one that this version does not know: decide by `retry`. @publicApi */
export interface WireError {
  /** One of the registry, or a newer one: decide by `retry`. */
  readonly code: string;
  /** For people; may change. */
  readonly message: string;
  /** Whether and how the request may be repeated. */
  readonly retry: RetryPolicy;
  /** The least time to wait before that, in ms. */
  readonly retryAfterMs?: number;
  /** Of a command: whether it was applied. Absent elsewhere. */
  readonly outcome?: CommandOutcome;
  /** What was wrong with a refused token, why a connection could not be opened, or which limit was reached: one word, which may be a newer one. */
  readonly reason?: TokenFault | (string & {});
  /** What is wrong, by its path: with `VALIDATION_FAILED` each field, with `EVENT_INVALID` and its kin one value. */
  readonly details?: readonly FieldError[];
  /** The HTTP status of the application's exception, with `REJECTED`, `TOO_MANY_REQUESTS` and `UNAVAILABLE`. */
  readonly status?: number;
  /** Finds the entry in the server's log; only on `INTERNAL`. */
  readonly errorId?: string;
}

/** The wire form of a registered error. @publicApi */
export function wireError(
  code: ErrorCode,
  more: Omit<WireError, 'code' | 'message' | 'retry'> = {},
): WireError & { readonly code: ErrorCode } {
  const { message, retry } = errors[code];
  return { code, message, retry, ...more };
}
