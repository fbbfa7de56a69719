import { DEFAULT_PATH, type Handshake } from '@millrace/protocol';
import type { BackoffOptions } from './connection/backoff.js';
import type { Environment } from './environment/environment.port.js';
import { systemEnvironment } from './environment/system-environment.js';
import { optionInvalid } from './option-invalid.js';
import type { PositionStorage } from './subscription/position-storage.js';
import type { TokenFunction } from './token/token-source.js';
import { socketIoTransport } from './transport/socket-io-transport.js';
import type { Transport } from './transport/transport.port.js';

/** What a client is made of; only `url` and `token` are required. @publicApi */
export interface ClientOptions {
  /**
   * Where the server is: scheme, host and port, such as `https://api.example.com`; `/` in a browser is the page's own
   * host. Without a path: that of the Socket.IO endpoint is `path`.
   */
  readonly url: string;
  /** Who the client speaks for; called for each connection and before each expiry. */
  readonly token: TokenFunction;
  /** Path of the Socket.IO endpoint: what the server's `session.path` is. @defaultValue `/realtime` */
  readonly path?: string | undefined;
  /** How this client calls itself towards the server. @defaultValue `{ name: 'millrace', version: '0.1.0' }` */
  readonly client?: Handshake['client'] | undefined;
  /** Keeps the positions of all durable subscriptions. @defaultValue none: a new page starts at the head */
  readonly storage?: PositionStorage | undefined;
  /**
   * `on-use`: the first `send`, `subscribe` or `history` connects. `on-call`: only `connect()` does.
   * @defaultValue `on-use`
   */
  readonly start?: 'on-use' | 'on-call' | undefined;
  /**
   * Ceiling of the first pause before connecting again, in ms; it doubles with each failure. Lowered: a server that
   * restarts is met by all clients sooner, and at once. @defaultValue 500
   */
  readonly minBackoffMs?: number | undefined;
  /**
   * Highest ceiling of the pauses, in ms. Raised: slower to notice that a server is back. Lowered: more tries while it is
   * away, and all clients within a shorter time when it comes back. @defaultValue 10000
   */
  readonly maxBackoffMs?: number | undefined;
  /**
   * How long the token function may take for one try to connect, and then how long the connection may, in ms. Raised: a
   * server that takes connections and says nothing is left later. Lowered: slow networks never get in.
   * @defaultValue 10000
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * For how long a refused token is fetched again and tried over new connections before the connection is `needs-auth`,
   * in ms. The node that refuses it may have a wrong clock or key, and be the only one that answers. Lowered: such a node
   * signs users out. Raised: a user whose account has ended is asked later to sign in. @defaultValue 60000
   */
  readonly refusalPatienceMs?: number | undefined;
  /** How long the server may take to answer a subscribe or a fresh token, in ms. @defaultValue 15000 */
  readonly answerTimeoutMs?: number | undefined;
  /** Default of `SendOptions.timeoutMs`. @defaultValue 30000 */
  readonly commandTimeoutMs?: number | undefined;
  /** Default of `SendOptions.expiresAfterMs`. @defaultValue 30000 */
  readonly commandExpiresAfterMs?: number | undefined;
  /**
   * Requests that may wait for a connection; one more fails with `QUEUE_FULL`. Minimum 1. Raised: more memory, and
   * more at once when the connection is back. @defaultValue 256
   */
  readonly maxQueuedCommands?: number | undefined;
  /** Requests sent that have no answer yet; more wait. Above the server's own bound it refuses. @defaultValue 32 */
  readonly maxCommandsInFlight?: number | undefined;
  /**
   * Takes what cannot be handed to anybody, such as an exception in a listener.
   * @defaultValue the global `reportError`, else `console.error`
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Replaces clock, timers, randomness, ids or wake-ups. */
  readonly environment?: Partial<Environment> | undefined;
  /** Replaces socket.io-client, for tests. */
  readonly transport?: Transport | undefined;
}

type Given<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** The options with nothing left open. */
export type ResolvedOptions = Readonly<
  Given<Omit<ClientOptions, 'storage' | 'onError' | 'environment' | 'minBackoffMs' | 'maxBackoffMs'>>
> & {
  readonly storage: PositionStorage | undefined;
  readonly environment: Environment;
  readonly backoff: BackoffOptions;
};

const defaults = {
  path: DEFAULT_PATH,
  client: { name: 'millrace', version: '0.1.0' },
  start: 'on-use',
  minBackoffMs: 500,
  maxBackoffMs: 10_000,
  connectTimeoutMs: 10_000,
  refusalPatienceMs: 60_000,
  answerTimeoutMs: 15_000,
  commandTimeoutMs: 30_000,
  commandExpiresAfterMs: 30_000,
  maxQueuedCommands: 256,
  maxCommandsInFlight: 32,
  transport: socketIoTransport,
} as const;

/** @throws RealtimeError `OPTION_INVALID` when one is missing or out of bounds, or two contradict each other */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  // Plain JavaScript, and most TypeScript, passes `undefined` for what it leaves out.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all = { ...defaults, ...(given as unknown as Given<ClientOptions>) };
  const { minBackoffMs: minMs, maxBackoffMs: maxMs, ...resolved } = all;
  check('url', typeof resolved.url === 'string' && resolved.url !== '', 'an address');
  check('token', typeof resolved.token === 'function', 'a function');
  for (const [name, value] of Object.entries(defaults)) {
    const number: unknown = given[name] ?? value;
    if (typeof value === 'number') check(name, typeof number === 'number' && number >= 1, 'a number, 1 or more');
  }
  check('maxBackoffMs', minMs <= maxMs, 'minBackoffMs or more');
  resolved.transport.check?.(resolved);
  return {
    ...resolved,
    storage: options.storage,
    environment: resolveEnvironment(options),
    backoff: { minMs, maxMs },
  };
}

function check(name: string, isGood: boolean, wanted: string): void {
  if (!isGood) throw optionInvalid(`${name} must be ${wanted}`);
}

function resolveEnvironment({ environment, onError }: ClientOptions): Environment {
  const resolved = { ...systemEnvironment, ...environment };
  const report = onError ?? resolved.report;
  return {
    ...resolved,
    report: (error) => {
      try {
        report(error);
      } catch {
        // Whoever is to hear of errors fails himself: nobody is left to tell, and delivery goes on.
      }
    },
  };
}
