import {
  decodePosition,
  encodePosition,
  isReservedEventType,
  type ChannelName,
  type Position,
  type SubscribeItem,
  type WireError,
} from '@millrace/protocol';
import type { BackoffOptions } from '../connection/backoff.js';
import type { Environment } from '../environment/environment.port.js';
import { runAt } from '../environment/run-at.js';
import type { Principal, Principals } from '../principal.js';
import { RealtimeError } from '../realtime-error.js';
import { EventReader } from './event-reader.js';
import { ownedPosition, placeToken, readOwned } from './owned-position.js';
import type { PositionKeeper } from './position-storage.js';
import type { SubscriptionHandle } from './subscription-handle.js';
import {
  asking,
  positionIn,
  type SubscriptionEffect,
  type SubscriptionInput,
  type SubscriptionState,
  type SubscriptionStatus,
} from './subscription-state.js';
import { transition } from './subscription-transition.js';

export interface ChannelSubscriptionParts {
  readonly channel: ChannelName;
  readonly environment: Environment;
  readonly backoff: BackoffOptions;
  readonly keeper: PositionKeeper | undefined;
  readonly principals: Principals;
  /** It moved: it may want to ask, or have ended. */
  readonly onMoved: (subscription: ChannelSubscription) => void;
  /** Its last handle left: the server still has to hear of that. */
  readonly onLeft: (subscription: ChannelSubscription) => void;
}

/** One channel's subscription on the wire, shared by its handles. */
export class ChannelSubscription {
  readonly channel: ChannelName;
  #state: SubscriptionState = asking(undefined, { kind: 'offline' });
  /** As the application was told; what waits in the outbox is not in it yet. */
  #toldStatus: SubscriptionStatus = 'subscribing';
  #toldPosition: Position | undefined;
  readonly #outbox: SubscriptionEffect[] = [];
  #delivery: 'idle' | 'delivering' = 'idle';
  /** Whose position it is, and whose the events were. */
  #owner: Principal;
  #start: 'loading' | 'started' = 'loading';
  #cancelTimer = (): void => {};
  #cancelLoading = (): void => {};
  readonly #handles = new Set<SubscriptionHandle>();

  constructor(private readonly parts: ChannelSubscriptionParts) {
    this.channel = parts.channel;
    this.#owner = parts.principals.current;
  }

  get status(): SubscriptionStatus {
    return this.#toldStatus;
  }

  get position(): Position | undefined {
    return this.#toldPosition;
  }

  /** Whether it has ended on the wire; the application may still be about to hear of it. */
  get isOver(): boolean {
    return this.#state.kind === 'unsubscribed';
  }

  get isDue(): boolean {
    return 'request' in this.#state && this.#state.request.kind === 'due';
  }

  get isStarted(): boolean {
    return this.#start === 'started';
  }

  /** Begins at `since`, or where the storage says, or at the head. */
  start(since: string | undefined): void {
    if (since !== undefined || !this.parts.keeper) return this.#startAt(since);
    this.#cancelLoading = this.parts.keeper.load((token) => this.#startAt(token));
  }

  add(handle: SubscriptionHandle): void {
    this.#handles.add(handle);
  }

  remove(handle: SubscriptionHandle): void {
    this.#handles.delete(handle);
    if (this.#handles.size > 0 || this.isOver) return;
    this.parts.onLeft(this);
    this.apply({ kind: 'ended' });
  }

  /** The next request, named `sid`. */
  ask(sid: number): SubscribeItem {
    const position = positionIn(this.#state);
    this.apply({ kind: 'asked', sid });
    return { channel: this.channel, sid, ...(position && resumeFrom(position)) };
  }

  /** Its time to ask may have come without its timer: those of one moment should leave in one frame. */
  look(): void {
    if (!('request' in this.#state) || this.#state.request.kind !== 'waiting') return;
    if (this.#state.request.until <= this.parts.environment.now()) this.apply({ kind: 'due' });
  }

  /** There is a connection again, perhaps for another user. */
  online(): void {
    const { principals } = this.parts;
    const isOrphan = !principals.isCurrent(this.#owner);
    this.#owner = principals.current;
    if (isOrphan) this.apply({ kind: 'orphaned' });
    this.apply({ kind: 'online' });
  }

  /** @param random shared by those that one refusal hits, so that they ask again in one frame */
  apply(input: SubscriptionInput, random = this.parts.environment.random()): void {
    const { environment, backoff, onMoved } = this.parts;
    const moment = { now: environment.now(), random, backoff };
    const before = this.#state;
    const { state, effects } = transition(before, input, moment);
    this.#state = state;
    if (state !== before) {
      this.#wait(state);
      onMoved(this);
    }
    if (this.isOver) this.#cancelLoading();
    if (input.kind === 'ended') this.#outbox.length = 0;
    this.#outbox.push(...effects);
    // Never amid a request: what a listener does then would not find it.
    if (effects.length > 0) this.#deliver();
  }

  #startAt(token: string | undefined): void {
    if (this.isOver) return;
    this.#start = 'started';
    const { token: kept, subject } = readOwned(token);
    const position = kept === undefined ? undefined : decodePosition(kept);
    // It was kept in another life: the session that comes says whether it may be used.
    if (subject !== undefined) this.#owner = { subject };
    this.#state = asking(position, { kind: 'offline' });
    this.#toldStatus = this.#state.kind;
    this.#toldPosition = position;
    // What there is to tell waits in the outbox: nobody can have added a listener yet.
    this.#delivery = 'delivering';
    this.parts.onMoved(this);
    this.#delivery = 'idle';
    // Whoever kept a position is owed the word that it is of no use; told right before whatever the server answers.
    if (token !== undefined && !position) {
      this.#outbox.push({ kind: 'discontinuity', reason: 'mismatch', position: undefined });
    }
  }

  #wait(state: SubscriptionState): void {
    this.#cancelTimer();
    if (!('request' in state) || state.request.kind !== 'waiting') return;
    this.#cancelTimer = runAt(this.parts.environment, state.request.until, () => this.apply({ kind: 'due' }));
  }

  /** A listener may unsubscribe, subscribe or make frames come in: what that adds waits for its turn. */
  #deliver(): void {
    if (this.#delivery === 'delivering') return;
    this.#delivery = 'delivering';
    for (let effect = this.#outbox.shift(); effect; effect = this.#outbox.shift()) {
      try {
        this.#tell(effect);
      } catch (error) {
        // Of a malformed frame; the ones after it are delivered all the same, even where it is `report` that throws.
        void Promise.resolve().then(() => this.parts.environment.report(error));
      }
    }
    this.#delivery = 'idle';
  }

  #tell(effect: SubscriptionEffect): void {
    switch (effect.kind) {
      case 'event':
        this.#move(effect.position);
        return this.#tellEvent(new EventReader(effect.event, effect.isRecovered, effect.position));
      case 'live':
        return this.#tellEvent(new EventReader(effect.event, false));
      case 'position':
        return this.#move(effect.position);
      case 'discontinuity':
        if (effect.reason === 'principal') this.#toldPosition = undefined;
        if (effect.position) this.#move(effect.position);
        return this.#tellAll('discontinuity', { reason: effect.reason });
      case 'recovered':
        return this.#tellAll('recovered', { count: effect.count });
      case 'error':
        return this.#tellError(effect.error);
      case 'status':
        this.#toldStatus = effect.status;
        return this.#tellAll('state', effect.status);
      default:
        return effect satisfies never;
    }
  }

  /** Before the application sees the event: a listener that reads or keeps the position gets that of its event. */
  #move(position: Position): void {
    this.#toldPosition = position;
    this.parts.keeper?.save(ownedPosition(encodePosition(position), this.#owner.subject));
  }

  /** To a copy: who subscribes inside a listener gets what comes after. */
  #tellEvent(reader: EventReader): void {
    // From a server of another make; ours cannot have declared it.
    if (isReservedEventType(reader.meta.type)) return;
    for (const handle of Array.from(this.#handles)) {
      if (!handle.hears(reader.meta.type)) continue;
      const read = reader.read();
      if (read.ok) handle.tell(reader.meta.type, read.data, reader.meta);
      else this.#tellError(read.error, [handle], read.cause);
    }
  }

  #tellError(wire: WireError, handles: Iterable<SubscriptionHandle> = this.#handles, cause?: unknown): void {
    const error = new RealtimeError(wire, { cause });
    for (const handle of Array.from(handles)) {
      if (handle.hears('error')) handle.tell('error', error);
      else this.parts.environment.report(error);
    }
  }

  #tellAll(name: string, what: unknown): void {
    for (const handle of Array.from(this.#handles)) handle.tell(name, what);
  }
}

/** A server of before knows positions without a grant only. */
function resumeFrom(position: Position): Pick<SubscribeItem, 'since' | 'grant'> {
  const { grant } = position;
  return { since: placeToken(position), ...(grant !== undefined && { grant }) };
}
