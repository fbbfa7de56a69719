import type { ChannelName, SubscribeAnswers, SubscribeItem, WireError } from '@millrace/protocol';
import { pauseMs, type BackoffOptions } from '../connection/backoff.js';
import type { Environment } from '../environment/environment.port.js';
import type { Principals } from '../principal.js';
import { optionInvalid } from '../option-invalid.js';
import { readAnswer } from '../transport/answer.js';
import type { Link, ServerFrame } from '../transport/transport.port.js';
import { ChannelSubscription } from './channel-subscription.js';
import { chunks } from './frame-chunks.js';
import { placeIn, readOwned } from './owned-position.js';
import { wireBytes, type PageSize } from './page-size.js';
import { PositionKeeper, type PositionStorage } from './position-storage.js';
import { SubscriptionHandle } from './subscription-handle.js';

export interface SubscriptionsOptions {
  readonly url: string;
  readonly path: string;
  readonly backoff: BackoffOptions;
  readonly answerTimeoutMs: number;
}

/** What is known of the server's side of the subscriptions; gone with the link. */
interface Wire {
  readonly link: Link;
  /** Channels whose last request has no answer yet: one at a time, so that no two can change places. */
  readonly inAir: Set<ChannelName>;
  /** Channels that were asked for on this link. */
  readonly asked: Set<ChannelName>;
  readonly leaving: Set<ChannelName>;
  /** Answers under way that may have events. */
  pages: number;
  /** One a request without answer. */
  readonly timers: Set<() => void>;
}

/** One frame about some channels. */
interface WireRequest {
  readonly name: 'subscribe' | 'unsubscribe';
  readonly body: object;
  readonly channels: readonly ChannelName[];
}

/** All subscriptions of a client, and the frames that keep the server's side equal to them. */
export class Subscriptions {
  readonly #channels = new Map<ChannelName, ChannelSubscription>();
  #wire: Wire | undefined;
  #mode: 'sending' | 'holding' = 'holding';
  #endOfTick: 'free' | 'scheduled' = 'free';
  #lastSid = 0;

  constructor(
    private readonly environment: Environment,
    private readonly options: SubscriptionsOptions,
    private readonly principals: Principals,
    private readonly pages: PageSize,
  ) {}

  subscribe(
    channel: ChannelName,
    {
      since,
      storage,
      names,
    }: {
      readonly since: string | undefined;
      readonly storage: PositionStorage | undefined;
      /** The events of its contract. */
      readonly names: readonly string[] | undefined;
    },
  ): SubscriptionHandle {
    const known = this.#channels.get(channel);
    const subscription = known ?? this.#add(channel, storage);
    const handle = new SubscriptionHandle(subscription, this.environment.report, names);
    if (known && since !== undefined && placeIn(handle.position) !== placeIn(readOwned(since).token)) {
      throw optionInvalid(`"${channel}" is subscribed already, at another position: use history()`, 'subscribe');
    }
    subscription.add(handle);
    if (!known) subscription.start(since);
    return handle;
  }

  resume(link: Link): void {
    this.#wire = { link, inAir: new Set(), asked: new Set(), leaving: new Set(), pages: 0, timers: new Set() };
    this.#mode = 'sending';
    for (const subscription of this.#channels.values()) this.#moved(subscription);
    this.flush();
  }

  /** Nothing may be asked for now; what was asked is still answered, and events still come. */
  pause(): void {
    this.#mode = 'holding';
  }

  lost(): void {
    this.#cut();
    for (const subscription of Array.from(this.#channels.values())) subscription.apply({ kind: 'offline' });
  }

  close(): void {
    this.#cut();
    for (const subscription of Array.from(this.#channels.values())) subscription.apply({ kind: 'ended' });
  }

  frame({ name, body }: ServerFrame): void {
    if (name === 'events') return this.#at(body.channel)?.apply({ kind: 'events', frame: body });
    if (name === 'live') return this.#at(body.channel)?.apply({ kind: 'live', frame: body });
    if (body.kind === 'revoked' || body.kind === 'discontinuity') this.#at(body.channel)?.apply(body);
    if (body.kind === 'lagging') for (const channel of body.channels) this.#at(channel)?.apply(body);
  }

  /** Sends now what waits for the end of the tick, so that a command called after a subscribe leaves after it. */
  flush(): void {
    const wire = this.#wire;
    if (!wire || this.#mode === 'holding') return;
    this.#unsubscribe(wire);
    this.#subscribe(wire);
  }

  #cut(): void {
    for (const cancel of this.#wire?.timers ?? []) cancel();
    if (this.#wire && this.#wire.pages > 0) this.pages.failed();
    this.#wire = undefined;
    this.#mode = 'holding';
  }

  #at(channel: string): ChannelSubscription | undefined {
    return this.#channels.get(channel as ChannelName);
  }

  #add(channel: ChannelName, storage: PositionStorage | undefined): ChannelSubscription {
    const { environment, options } = this;
    const subscription: ChannelSubscription = new ChannelSubscription({
      channel,
      environment,
      backoff: options.backoff,
      principals: this.principals,
      keeper: storage && new PositionKeeper(channel, storage, environment, options.url + options.path),
      onMoved: (moved) => this.#moved(moved),
      onLeft: () => {
        if (this.#wire?.asked.has(channel)) this.#wire.leaving.add(channel);
      },
    });
    this.#channels.set(channel, subscription);
    return subscription;
  }

  #moved(subscription: ChannelSubscription): void {
    const { channel } = subscription;
    if (this.#channels.get(channel) !== subscription) return;
    if (subscription.isOver) {
      this.#channels.delete(channel);
      this.#wire?.asked.delete(channel);
      // Taken away by the server, which may grant what is still on its way there.
      if (this.#wire?.inAir.has(channel)) this.#wire.leaving.add(channel);
    } else if (this.#wire && subscription.isStarted) {
      subscription.online();
    }
    this.#schedule();
  }

  /** All of one tick go together. */
  #schedule(): void {
    if (this.#endOfTick === 'scheduled') return;
    this.#endOfTick = 'scheduled';
    void Promise.resolve().then(() => {
      this.#endOfTick = 'free';
      this.flush();
    });
  }

  #unsubscribe(wire: Wire): void {
    const leaving = [...wire.leaving].filter((channel) => !wire.inAir.has(channel));
    for (const channels of chunks(leaving, (channel) => channel)) {
      for (const channel of channels) {
        wire.leaving.delete(channel);
        wire.asked.delete(channel);
      }
      this.#request(wire, { name: 'unsubscribe', body: { channels }, channels }, (raw) =>
        this.#left(wire, channels, raw),
      );
    }
  }

  /** A server that goes on sending costs traffic, and a place among the subscriptions of the session. */
  #left(wire: Wire, channels: readonly ChannelName[], raw: unknown): void {
    const answer = raw === undefined ? undefined : readAnswer(raw);
    if (answer && (answer.ok || answer.error.retry === 'never')) return;
    const { after, random } = this.environment;
    const waitMs = pauseMs(answer?.error, 1, { random: random(), backoff: this.options.backoff });
    const cancel = after(waitMs, () => {
      wire.timers.delete(cancel);
      for (const channel of channels) if (!this.#channels.has(channel)) wire.leaving.add(channel);
      this.flush();
    });
    wire.timers.add(cancel);
  }

  #subscribe(wire: Wire): void {
    for (const subscription of this.#channels.values()) subscription.look();
    const due = [...this.#channels.values()].filter(({ isDue, channel }) => isDue && !wire.inAir.has(channel));
    const asking = due.map((subscription) => ({ subscription, item: subscription.ask(++this.#lastSid) }));
    const frames = chunks(asking, ({ item }) => item);
    for (const chunk of frames) {
      const asked = new Map(chunk.map(({ item, subscription }) => [item.sid, subscription]));
      const items = chunk.map(({ item }) => item);
      const channels = chunk.map(({ subscription }) => subscription.channel);
      for (const channel of channels) wire.asked.add(channel);
      const { limit, measure } = this.#page(wire, items, frames.length);
      this.#request(wire, { name: 'subscribe', body: { items, ...limit }, channels }, (raw) => {
        measure(raw);
        this.#answer(asked, raw);
      });
    }
  }

  /** How large the answer to `items`, one of so many frames, should be; and what its coming says about the link. */
  #page(wire: Wire, items: readonly SubscribeItem[], frames: number) {
    // At the head there is nothing to send.
    if (items.every(({ since }) => since === undefined)) return { limit: {}, measure: () => {} };
    const { now } = this.environment;
    const { maxBytes } = this.pages;
    const sentAt = now();
    wire.pages++;
    const measure = (raw: unknown): void => {
      wire.pages--;
      if (raw === undefined) this.pages.failed();
      else this.pages.answered(sizeOf(raw), now() - sentAt);
    };
    return { limit: maxBytes === undefined ? {} : { maxBytes: Math.ceil(maxBytes / frames) }, measure };
  }

  #answer(asked: ReadonlyMap<number, ChannelSubscription>, raw: unknown): void {
    const answer = raw === undefined ? undefined : readAnswer<SubscribeAnswers>(raw);
    const left = new Map(asked);
    const random = this.environment.random();
    for (const item of answer?.ok && Array.isArray(answer.items) ? answer.items : []) {
      try {
        left.get(item.sid)?.apply({ kind: 'answered', answer: item }, random);
        left.delete(item.sid);
      } catch (error) {
        // Thrown into the transport it would end a Node process. An answer that makes no sense is as good as none.
        this.environment.report(error);
      }
    }
    for (const [sid, subscription] of left) {
      if (!answer || answer.ok) subscription.apply({ kind: 'unanswered', sid }, random);
      else subscription.apply({ kind: 'answered', answer: refusal(sid, answer.error) }, random);
    }
  }

  /** `onAnswer` gets `undefined` when no answer came in time. */
  #request(wire: Wire, { name, body, channels }: WireRequest, onAnswer: (raw: unknown) => void): void {
    for (const channel of channels) wire.inAir.add(channel);
    const finish = (raw: unknown): void => {
      cancel();
      // Answered or timed out before, or the answer of a link that is gone.
      if (!wire.timers.delete(cancel) || this.#wire !== wire) return;
      for (const channel of channels) wire.inAir.delete(channel);
      onAnswer(raw);
      this.#schedule();
    };
    const cancel = this.environment.after(this.options.answerTimeoutMs, () => finish(undefined));
    wire.timers.add(cancel);
    wire.link.send(name, body, finish);
  }
}

/** An answer is what somebody else sent. */
function sizeOf(raw: unknown): number {
  const answer = readAnswer<SubscribeAnswers>(raw);
  const items = answer.ok && Array.isArray(answer.items) ? answer.items : [];
  return items.reduce((sum, item: Partial<{ events: unknown }>) => sum + wireBytes(item.events), 0);
}

const refusal = (sid: number, error: WireError) => ({ sid, outcome: 'refused', error }) as const;
