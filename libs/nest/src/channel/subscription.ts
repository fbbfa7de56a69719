import type { ChannelName } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { roomOf } from '../hub/room.js';
import type { Session } from '../session/session.js';

/** What an attempt finds that still runs when its client no longer wants the subscription. */
export const withdrawn = (): CodedError => new CodedError('SUBSCRIPTION_ENDED');

/**
 * `pending`: asked for, nothing is held. `joined`: in the room, or put out of it until it asks again; `letGo` releases
 * what it holds of the hub. `ended`: for good; whoever still works for it finds `why`.
 */
type SubscriptionState =
  | { readonly kind: 'pending' }
  | { readonly kind: 'joined'; readonly letGo: () => void }
  | { readonly kind: 'ended'; readonly why: CodedError };

/** One session on one channel. Subscribing again is another attempt on the same subscription. */
export class Subscription {
  #state: SubscriptionState = { kind: 'pending' };
  #attempts = 0;
  #interruptions = 0;

  constructor(
    readonly session: Session,
    readonly channel: ChannelName,
  ) {}

  /** Grows whenever it is put out of the room and has to subscribe again. */
  get interruptions(): number {
    return this.#interruptions;
  }

  /** What the latest attempt comes to decides about the subscription; earlier ones only answer. */
  attempt(): { readonly isLatest: () => boolean } {
    const mine = ++this.#attempts;
    return { isLatest: () => mine === this.#attempts };
  }

  /** @throws CodedError why it has ended, if it has: to be asked after every wait */
  assertOpen(): void {
    if (this.#state.kind === 'ended') throw this.#state.why;
  }

  /** Takes over `letGo`, which is called at the end, or at once if the subscription has one or has ended. */
  hold(letGo: () => void): void {
    if (this.#state.kind === 'pending') this.#state = { kind: 'joined', letGo };
    else letGo();
    this.assertOpen();
  }

  join(): void {
    this.assertOpen();
    this.session.join(roomOf(this.channel));
  }

  leave(): void {
    this.session.leave(roomOf(this.channel));
  }

  interrupt(): void {
    this.#interruptions++;
    this.leave();
  }

  end(why: CodedError): void {
    const state = this.#state;
    if (state.kind === 'ended') return;
    this.#state = { kind: 'ended', why };
    this.leave();
    if (state.kind === 'joined') state.letGo();
  }
}
