import type { ChannelName } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { roomOf } from '../hub/room.js';
import type { Granted } from './resume/grants.js';
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

/** Somebody finds out whether the session may have the subscription: its client's subscribe, or a withdrawal. */
export interface Attempt {
  /** What the latest attempt comes to decides about the subscription; earlier ones only answer. */
  isLatest(): boolean;
  end(): void;
}

/** What a policy says from now on. */
export interface Permission {
  /** `false` once access was withdrawn: what was said before that is void, and the policy has to be asked again. */
  stands(): boolean;
}

/** One session on one channel. Subscribing again is another attempt on the same subscription. */
export class Subscription {
  #state: SubscriptionState = { kind: 'pending' };
  #attempts = 0;
  #openAttempts = 0;
  #interruptions = 0;
  #doubts = 0;
  #isInRoom = false;
  #renewed: Granted | undefined;

  constructor(
    readonly session: Session,
    readonly channel: ChannelName,
  ) {}

  /** Grows whenever it is put out of the room and has to subscribe again. */
  get interruptions(): number {
    return this.#interruptions;
  }

  /** What is emitted reaches the session. */
  get isInRoom(): boolean {
    return this.#isInRoom;
  }

  /** Whether somebody asks the policy about it anyway, or will before it joins. */
  get isAttempted(): boolean {
    return this.#openAttempts > 0;
  }

  /** What shows, on this node, that access goes on after a withdrawal that the policy did not confirm. */
  get renewed(): Granted | undefined {
    return this.#renewed;
  }

  renew(granted: Granted | undefined): void {
    this.#renewed = granted;
  }

  attempt(): Attempt {
    const mine = ++this.#attempts;
    this.#openAttempts++;
    return { isLatest: () => mine === this.#attempts, end: () => void this.#openAttempts-- };
  }

  /** To be taken before the policy is asked. */
  permission(): Permission {
    const doubts = this.#doubts;
    return { stands: () => doubts === this.#doubts };
  }

  /** Access was withdrawn: out of the room at once, and no permission from before stands. */
  doubt(): void {
    this.#doubts++;
    this.interrupt();
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
    this.#isInRoom = true;
    this.session.join(roomOf(this.channel));
  }

  leave(): void {
    this.#isInRoom = false;
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
