import {
  channelName,
  type ChannelContract,
  type ChannelName,
  type CommandAnswer,
  type CommandContract,
  type CommandInput,
  type CommandResult,
  type ControlFrame,
  type HistoryAnswer,
  type HistoryFrame,
  type ParamsOf,
} from '@millrace/protocol';
import { resolveOptions, type ClientOptions, type ResolvedOptions } from './client.options.js';
import { Connection } from './connection/connection.js';
import { isStopped, refusalIn, type ConnectionState } from './connection/connection-state.js';
import { FaultFeed } from './connection/fault-feed.js';
import { Principals } from './principal.js';
import { readHistory, type HistoryOptions, type HistoryPage } from './history.js';
import { Listeners } from './listeners.js';
import { RealtimeError } from './realtime-error.js';
import { RequestSender } from './request/request-sender.js';
import type { SendOptions } from './request/send.options.js';
import { sdkError } from './sdk-errors.js';
import { placeIn, readOwned } from './subscription/owned-position.js';
import { PageSize, wireBytes } from './subscription/page-size.js';
import type { PositionStorage } from './subscription/position-storage.js';
import type { Subscription } from './subscription/subscription.js';
import { Subscriptions } from './subscription/subscriptions.js';
import { TokenRefresh } from './token/token-refresh.js';
import { TokenSource, type TokenRequest } from './token/token-source.js';
import type { ServerFrame } from './transport/transport.port.js';

/** Where one subscription begins, and who keeps its position. @publicApi */
export interface SubscribeOptions {
  /** A position kept from an earlier life; events after it are handed over first. @defaultValue the storage's, or none */
  readonly since?: string | undefined;
  /** Keeps the position of this subscription. Only that of a channel's first subscriber counts. */
  readonly storage?: PositionStorage | undefined;
}

/** Leaves the data out where a command takes none. @publicApi */
export type SendArguments<C extends CommandContract> =
  CommandInput<C> extends void
    ? [data?: undefined, options?: SendOptions]
    : [data: CommandInput<C>, options?: SendOptions];

/** One connection to a Millrace server, with its commands and subscriptions. Made by `createClient`. @publicApi */
export class Client {
  readonly #options: ResolvedOptions;
  readonly #principals = new Principals();
  readonly #pages = new PageSize();
  readonly #tokens: TokenSource;
  readonly #connection: Connection;
  readonly #requests: RequestSender;
  readonly #subscriptions: Subscriptions;
  readonly #stateListeners: Listeners<[ConnectionState]>;
  readonly #errorListeners: Listeners<[RealtimeError]>;
  readonly #faults = new FaultFeed((error) => this.#errorListeners.call(new RealtimeError(error)));
  #refresh: TokenRefresh | undefined;
  #start: 'on-use' | 'on-call';

  /** @internal */
  constructor(options: ClientOptions) {
    const resolved = (this.#options = resolveOptions(options));
    const { environment } = resolved;
    this.#start = resolved.start;
    this.#stateListeners = new Listeners(environment.report);
    this.#errorListeners = new Listeners(environment.report);
    this.#tokens = new TokenSource((request) => this.#token(request), resolved.connectTimeoutMs, environment);
    this.#requests = new RequestSender(
      environment,
      {
        ...resolved,
        timeoutMs: resolved.commandTimeoutMs,
        expiresAfterMs: resolved.commandExpiresAfterMs,
      },
      this.#principals,
    );
    this.#subscriptions = new Subscriptions(environment, resolved, this.#principals, this.#pages);
    this.#connection = new Connection(
      { transport: resolved.transport, tokens: this.#tokens, environment, options: resolved },
      {
        changed: (state, before) => this.#changed(state, before),
        frame: (frame) => this.#frame(frame),
        doubtChanged: () => this.#followLink(),
        isBusy: () => this.#requests.isBusy,
      },
    );
  }

  /** Where the connection stands. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Calls `listener` with every new state; the answer ends that. */
  onState(listener: (state: ConnectionState) => unknown): () => void {
    return this.#stateListeners.add(listener);
  }

  /**
   * Calls `listener` with why there is no connection: each kind once, and again after there was one. Its message says what
   * to look at; `reason` names it in one word. The answer ends that.
   */
  onError(listener: (error: RealtimeError) => unknown): () => void {
    return this.#errorListeners.add(listener);
  }

  /**
   * Connects, and stays connected until `disconnect()` or a refusal for good. Cuts a pause between two tries short,
   * unless the server asked for it.
   *
   * @throws RealtimeError `CLIENT_CLOSED`
   */
  connect(): void {
    this.#failIfClosed();
    this.#start = 'on-call';
    if (isStopped(this.state)) this.#principals.restarted();
    this.#connection.apply({ kind: 'connect' });
  }

  /** Cuts the connection until `connect()`. Subscriptions stay and then resume where they stood. */
  disconnect(): void {
    this.#start = 'on-call';
    this.#connection.apply({ kind: 'disconnect' });
  }

  /** Ends everything for good: what waits fails with `CLIENT_CLOSED`, subscriptions end. */
  close(): void {
    this.#connection.apply({ kind: 'close' });
  }

  /**
   * Sends a command and answers with its result. Waits for a connection, up to `expiresAfterMs`, unless the server has
   * refused and only `connect()` starts anew: then it fails with that refusal. A command that may have reached the
   * server is not sent again.
   *
   * @throws RealtimeError as the promise's rejection: what the server answered, or `CONNECTION_LOST`,
   * `DEADLINE_EXCEEDED`, `COMMAND_EXPIRED`, `QUEUE_FULL`, `COMMAND_INVALID`, `COMMAND_TOO_LARGE`, `FRAME_TOO_COMPLEX`,
   * `PRINCIPAL_CHANGED`, `CLIENT_CLOSED`. Its `outcome` says whether effects stand. With `signal`, its reason.
   */
  async send<C extends CommandContract>(contract: C, ...[data, options]: SendArguments<C>): Promise<CommandResult<C>> {
    this.#use();
    this.#subscriptions.flush();
    const body = { id: this.#options.environment.uuid(), name: contract.name, data };
    const answer = (await this.#requests.send('command', body, options ?? {})) as CommandAnswer;
    return answer.result as CommandResult<C>;
  }

  /**
   * Subscribes to a channel, now or as soon as there is a connection, and again after every reconnect.
   *
   * @throws RealtimeError `CHANNEL_INVALID` when a parameter is missing or not a segment of a name, `OPTION_INVALID` when
   * the channel is subscribed already and `since` names another position than the one it stands at, `CLIENT_CLOSED`
   */
  subscribe<C extends ChannelContract>(
    contract: C,
    params: ParamsOf<C>,
    { since, storage }: SubscribeOptions = {},
  ): Subscription<C> {
    const channel = channelFor(contract, params);
    this.#failIfClosed();
    // A live channel has no position; one kept from when it was durable would only be refused.
    const kept = contract.delivery === 'durable' ? (storage ?? this.#options.storage) : undefined;
    const handle = this.#subscriptions.subscribe(channel, {
      since,
      storage: kept,
      names: Object.keys(contract.events),
    });
    this.#use();
    return handle as Subscription<C>;
  }

  /**
   * One page of a durable channel's events, oldest first, without subscribing.
   *
   * @throws RealtimeError as the promise's rejection: like `send`, `CHANNEL_INVALID` when a parameter is missing or not a
   * segment of a name, `FRAME_INVALID` when `limit` is out of bounds
   */
  async history<C extends ChannelContract>(
    contract: C,
    params: ParamsOf<C>,
    { after, limit = 100, ...options }: HistoryOptions = {},
  ): Promise<HistoryPage<C>> {
    const channel = channelFor(contract, params);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_HISTORY_LIMIT) {
      throw new RealtimeError(sdkError('FRAME_INVALID', 'not-applied'), {
        cause: new RangeError(`limit is ${limit}: it must be a whole number from 1 to ${MAX_HISTORY_LIMIT}`),
      });
    }
    this.#use();
    const token = placeIn(readOwned(after).token);
    const { maxBytes } = this.#pages;
    const body: HistoryFrame = {
      channel,
      limit,
      ...(token !== undefined && { after: token }),
      ...(maxBytes !== undefined && { maxBytes }),
    };
    const askedAt = this.#options.environment.now();
    try {
      const answer = (await this.#requests.send('history', body, options)) as HistoryAnswer;
      this.#pages.answered(wireBytes(answer.events), this.#options.environment.now() - askedAt);
      return readHistory(answer);
    } catch (error) {
      if (error instanceof RealtimeError && error.outcome === 'unknown') this.#pages.failed();
      throw error;
    }
  }

  #failIfClosed(): void {
    if (this.state.kind === 'closed') throw new RealtimeError(sdkError('CLIENT_CLOSED', 'not-applied'));
  }

  /** After a refusal for good, or `disconnect()`, only the application may start again. */
  #use(): void {
    this.#failIfClosed();
    if (this.#start === 'on-use') this.connect();
  }

  /** The token says for whom the next connection speaks; that of a session under way cannot speak for another user. */
  async #token(request: TokenRequest): Promise<string | null | undefined> {
    const token = await this.#options.token(request);
    if (request.reason !== 'refresh' && !request.signal.aborted) this.#principals.tokenCame(token ?? '');
    return token;
  }

  #changed(state: ConnectionState, before: ConnectionState): void {
    if (state.kind === 'closed') this.#ended();
    else if (isOpen(before)) this.#left(state);
    const { link } = this.#connection;
    if (state.kind === 'connected' && link && before.kind !== 'connected') {
      this.#principals.welcomed(state.subject);
      this.#requests.bound(state.limits);
      this.#refresh = new TokenRefresh(link, {
        ...this.#options,
        tokens: this.#tokens,
        onReconnect: (error) => this.#connection.apply({ kind: 'lost', error }),
      });
      this.#subscriptions.resume(link);
    }
    // A listener of a subscription may have moved it on: what counts is where it stands now.
    this.#followLink();
    // That state was told then.
    if (this.state !== state) return;
    this.#stateListeners.call(state);
    if (state.kind === 'connected') this.#faults.connected();
    else if ('error' in state && state.error) this.#faults.fault(state.error);
  }

  /** On a link that may be dead, a request would be lost with it, or its outcome would. */
  #followLink(): void {
    const { link, isDoubted } = this.#connection;
    this.#requests.follow(isDoubted ? undefined : link, refusalIn(this.state));
  }

  #ended(): void {
    this.#refresh?.end();
    this.#requests.close();
    this.#subscriptions.close();
  }

  #left(state: ConnectionState): void {
    if (state.kind === 'draining') {
      this.#subscriptions.pause();
    } else {
      this.#refresh?.end();
      // First: what a listener of a subscription sends now waits for the next link.
      this.#requests.lost();
      this.#subscriptions.lost();
    }
  }

  #frame(frame: ServerFrame): void {
    if (frame.name === 'control') this.#obey(frame.body);
    this.#subscriptions.frame(frame);
  }

  #obey(control: ControlFrame): void {
    if (control.kind === 'welcome') this.#refresh?.expiresIn(control.expiresInMs);
    if (control.kind === 'reauthenticate') this.#refresh?.asked();
  }
}

const MAX_HISTORY_LIMIT = 1_000;

function channelFor<C extends ChannelContract>(contract: C, params: ParamsOf<C>): ChannelName {
  try {
    return channelName(contract, params);
  } catch (cause) {
    throw new RealtimeError(sdkError('CHANNEL_INVALID', 'not-applied'), { cause });
  }
}

const isOpen = ({ kind }: ConnectionState): boolean => kind === 'connected' || kind === 'draining';

/**
 * Makes a client. It connects on first use, or on `connect()`.
 *
 * @throws RealtimeError `OPTION_INVALID` when an option is out of bounds, or no server can be reached by `url`
 * @publicApi
 */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}
