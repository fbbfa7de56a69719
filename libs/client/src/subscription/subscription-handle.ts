import { encodePosition, isReservedEventType, type ChannelName, type PositionToken } from '@millrace/protocol';
import { Listeners, type Listener } from '../listeners.js';
import { RealtimeError } from '../realtime-error.js';
import type { ChannelSubscription } from './channel-subscription.js';
import type { SubscriptionStatus } from './subscription-state.js';

/** The untyped body of a `Subscription`. */
export class SubscriptionHandle {
  readonly channel: ChannelName;
  #source: ChannelSubscription | undefined;
  #lastPosition: PositionToken | undefined;
  readonly #listeners = new Map<string, Listeners<readonly unknown[]>>();

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
    if (this.names && !this.names.includes(name) && !isReservedEventType(name)) {
      const message = `"${name}" is not an event of "${this.channel}". There are: ${this.names.join(', ')}; and discontinuity, recovered, error, state.`;
      throw new RealtimeError({ code: 'EVENT_INVALID', message, retry: 'never' });
    }
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Listeners(this.report)));
    return listeners.add(listener as Listener<readonly unknown[]>);
  }

  hears(name: string): boolean {
    return this.#listeners.get(name)?.isEmpty === false;
  }

  tell(name: string, ...args: readonly unknown[]): void {
    this.#listeners.get(name)?.call(...args);
  }

  unsubscribe(): void {
    const source = this.#source;
    if (!source) return;
    this.#lastPosition = this.position;
    this.#source = undefined;
    for (const listeners of this.#listeners.values()) listeners.clear();
    source.remove(this);
  }
}
