import type { ChannelContract, ChannelName, EventData, EventType, Offset, PositionToken } from '@millrace/protocol';
import type { RealtimeError } from '../realtime-error.js';
import type { DiscontinuityReason, SubscriptionStatus } from './subscription-state.js';

/** What is known about an event besides its data. @publicApi */
export interface EventMeta {
  /** Which of the contract’s events it is. */
  readonly type: string;
  /** Unique over all channels. */
  readonly id: string;
  /** When it was numbered, in ms since 1970. */
  readonly time: number;
  /** 1, 2, 3 … along a durable channel; absent on a live one. */
  readonly offset?: Offset;
  /** Where the subscription stands with this event; absent on a live channel. */
  readonly position?: PositionToken;
  /** Whether it was fetched after the fact instead of arriving as it happened. */
  readonly isRecovered: boolean;
}

/** Events are missing before the next one: reload the state that they made. @publicApi */
export interface Discontinuity {
  /**
   * `expired`: they are older than what the server keeps. `epoch`: the log began a new life. `mismatch`: the position
   * is not one of this log. `withdrawn`: access was withdrawn since, and given back; what was published in between was not
   * for this user. `unproven`: nothing shows that this user was given the position, and the policy says no to the history.
   * `principal`: the session speaks for another user now; what was seen was for the one before.
   */
  readonly reason: DiscontinuityReason;
}

/** Everything that was missed has been handed over. @publicApi */
export interface Recovery {
  /** How many events that were. */
  readonly count: number;
}

/**
 * One subscriber of one channel. Several share one subscription on the wire. Every `on` answers a function that
 * removes the listener. The data of an event is shared by all listeners: treat it as read-only.
 *
 * @publicApi
 */
export interface Subscription<C extends ChannelContract = ChannelContract> {
  /** Name of the channel. */
  readonly channel: ChannelName;
  /** Where it stands. */
  readonly state: SubscriptionStatus;
  /** Of the last event that was handed over. Keep it and pass it as `since` to go on there in another life. */
  readonly position: PositionToken | undefined;
  /**
   * Events are lost to this subscriber; `reason` says why. It is told before the next event.
   *
   * @throws RealtimeError `EVENT_INVALID` for a name that is not an event of the contract
   */
  on(name: 'discontinuity', listener: (discontinuity: Discontinuity) => unknown): () => void;
  /** What was missed has been handed over. */
  on(name: 'recovered', listener: (recovery: Recovery) => unknown): () => void;
  /**
   * A refusal, a withdrawal, or an event that could not be read. With `retry: 'backoff'` the subscription keeps asking:
   * such a refusal is told once, not each time. Without a listener these are reported.
   */
  on(name: 'error', listener: (error: RealtimeError) => unknown): () => void;
  /** The subscription goes from one state into another. */
  on(name: 'state', listener: (state: SubscriptionStatus) => unknown): () => void;
  /** An event of the channel. The answer ends the listening, as of the others. */
  on<T extends EventType<C>>(name: T, listener: (data: EventData<C, T>, meta: EventMeta) => unknown): () => void;
  /** The same as `on`, for the next one only. */
  readonly once: Subscription<C>['on'];
  /**
   * Removes a listener that was given to `on` or `once`.
   *
   * @throws RealtimeError `EVENT_INVALID` for a name that is not an event of the contract
   */
  off(
    name: EventType<C> | 'discontinuity' | 'recovered' | 'error' | 'state',
    listener: (...args: never[]) => unknown,
  ): void;
  /**
   * The events of these types and each discontinuity, from now on, for a `for await` loop, which handles one after the
   * other. The loop ends with the subscription. Up to 1,000 events wait for it. `position` of the subscription runs
   * ahead of the loop: keep `meta.position` of what the loop has handled.
   *
   * @throws RealtimeError `EVENT_INVALID` for a name that is not an event of the contract; in the loop, an error that
   * ends the subscription, an event that could not be read, or `EVENTS_WAITING`
   */
  events<T extends EventType<C>>(...types: readonly [T, ...T[]]): AsyncIterableIterator<LoopEvent<C, T>>;
  /** Nothing is handed over after this, not even the rest of a batch. */
  unsubscribe(): void;
}

/** What a `for await` loop over a subscription is handed: `type` tells an event from a discontinuity. @publicApi */
export type LoopEvent<C extends ChannelContract, T extends EventType<C>> =
  | { readonly [K in T]: { readonly type: K; readonly data: EventData<C, K>; readonly meta: EventMeta } }[T]
  | { readonly type: 'discontinuity'; readonly data: Discontinuity };
