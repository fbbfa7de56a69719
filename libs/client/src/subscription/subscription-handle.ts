import { encodePosition, isReservedEventType, type ChannelName, type PositionToken } from '@millrace/protocol';
import { Listeners, type Listener } from '../listeners.js';
import { RealtimeError } from '../realtime-error.js';
import type { ChannelSubscription } from './channel-subscription.js';
import { EventIterator } from './event-iterator.js';
import type { SubscriptionStatus } from './subscription-state.js';

/** The untyped body of a `Subscription`. */
export class SubscriptionHandle {
  readonly channel: ChannelName;
  #source: ChannelSubscription | undefined;
  #lastPosition: PositionToken | undefined;
  readonly #listeners = new Map<string, Listeners<readonly unknown[]>>();
  readonly #iterators = new Set<EventIterator<unknown>>();

  constructor(
    source: ChannelSubscription,
    private readonly report: (error: unknown) => void,
    /** What can be heard; absent where the contract does not say. */
    private readonly names?: readonly string[],
  ) {
    this.channel = source.channel;
    this.#source = source;
  }

  get state(): SubscriptionStatus {
    return this.#source?.status ?? 'unsubscribed';
  }

  get position(): PositionToken | undefined {
    const position = this.#source?.position;
    return position ? encodePosition(position) : this.#lastPosition;
  }

  on(name: string, listener: Listener<never>): () => void {
    return this.#listenersOf(name).add(listener as Listener<readonly unknown[]>);
  }

  once(name: string, listener: Listener<never>): () => void {
    return this.#listenersOf(name).add(listener as Listener<readonly unknown[]>, true);
  }

  off(name: string, listener: Listener<never>): void {
    this.#listenersOf(name).remove(listener as Listener<readonly unknown[]>);
  }

  events(...types: readonly string[]): EventIterator<unknown> {
    const removers: (() => void)[] = [];
    const iterator = new EventIterator<unknown>((ended) => {
      this.#iterators.delete(ended);
      for (const remove of removers) remove();
    });
    for (const type of [...new Set(types), 'discontinuity']) {
      removers.push(this.on(type, (data: unknown, meta: unknown) => iterator.push({ type, data, meta })));
    }
    if (this.#source && !this.#source.isOver) this.#iterators.add(iterator);
    else iterator.end();
    return iterator;
  }

  hears(name: string): boolean {
    return this.#listeners.get(name)?.isEmpty === false || (name === 'error' && this.#iterators.size > 0);
  }

  tell(name: string, ...args: readonly unknown[]): void {
    if (name === 'error') this.#tellLoops(args[0] as RealtimeError);
    this.#listeners.get(name)?.call(...args);
    if (name === 'state' && args[0] === 'unsubscribed') this.#endLoops();
  }

  unsubscribe(): void {
    const source = this.#source;
    if (!source) return;
    this.#lastPosition = this.position;
    this.#source = undefined;
    for (const listeners of this.#listeners.values()) listeners.clear();
    this.#endLoops();
    source.remove(this);
  }

  /** A loop throws what ends it. What passes is only told, as it is where nobody listens. */
  #tellLoops(error: RealtimeError): void {
    if (error.retry === 'never') this.#endLoops(error);
    else if (this.#iterators.size > 0 && this.#listeners.get('error')?.isEmpty !== false) this.report(error);
  }

  #endLoops(error?: RealtimeError): void {
    for (const iterator of Array.from(this.#iterators)) iterator.end(error);
  }

  #listenersOf(name: string): Listeners<readonly unknown[]> {
    if (this.names && !this.names.includes(name) && !isReservedEventType(name)) {
      const message = `"${name}" is not an event of "${this.channel}". There are: ${this.names.join(', ')}; and discontinuity, recovered, error, state.`;
      throw new RealtimeError({ code: 'EVENT_INVALID', message, retry: 'never' });
    }
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Listeners(this.report)));
    return listeners;
  }
}
