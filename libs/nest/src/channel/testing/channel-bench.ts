import {
  wireError,
  type ChannelContract,
  type ChannelName,
  type Epoch,
  type Offset,
  type SubscribeAnswer,
} from '@millrace/protocol';
import type { Broker } from '../../broker/broker.port.js';
import { CodedError } from '../../core/coded-error.js';
import { Signer } from '../../core/signer.js';
import { FakeKeys } from '../../core/testing/fake-keys.js';
import { HubBench } from '../../hub/testing/hub-bench.js';
import { AmbientScope } from '../../stream/transaction/ambient.js';
import type { HubOptions } from '../../hub/hub.options.js';
import type { Session } from '../../session/session.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import { BoundPolicy } from '../bound-policy.js';
import { Authorizer } from '../authorizer.js';
import { defaultChannelOptions, type ChannelOptions } from '../channel.options.js';
import { ChannelRegistry } from '../channel-registry.js';
import { HistoryRoute } from '../history-route.js';
import type { Policy } from '../policy.js';
import type { Revocation } from '../access-channel.js';
import { Grants } from '../resume/grants.js';
import { Resumes } from '../resume/resumes.js';
import { Withdrawals } from '../resume/withdrawals.js';
import { defaultLimitOptions, type LimitOptions } from '../../limits/limits.options.js';
import { PrincipalLimits } from '../../limits/principal-limits.js';
import { SubjectRates } from '../../limits/subject-rates.js';
import { SubscribeRoute } from '../subscribe-route.js';
import { Subscriber } from '../subscriber.js';
import { SubscriptionRegistry } from '../subscription-registry.js';
import { UnsubscribeRoute } from '../unsubscribe-route.js';
import { FakeSession } from './fake-session.js';

interface BenchOptions {
  readonly options?: Partial<ChannelOptions>;
  readonly hub?: Partial<HubOptions>;
  readonly maxSubscriptions?: number;
  readonly maxOfSubject?: number;
  /** Limits of subjects. @defaultValue none */
  readonly limits?: Partial<LimitOptions>;
  readonly broker?: Broker;
}

/** The channel stage on a hub bench; policies are called without Nest. */
export class ChannelBench {
  readonly recorder = new MemoryRecorder();
  readonly channels = new ChannelRegistry();
  readonly subscriptions: SubscriptionRegistry;
  readonly bench: HubBench;
  readonly authorizer: Authorizer;
  readonly withdrawals: Withdrawals;
  readonly keys = new FakeKeys();
  /** Where the channel of withdrawals stands; none: grants show nothing. */
  access: { readonly epoch: Epoch; readonly offset: Offset } | undefined;
  readonly #subscribe: SubscribeRoute;
  readonly #unsubscribe: UnsubscribeRoute;
  readonly #history: HistoryRoute;
  #allowed = true;
  #failsPolicy = false;
  #policyGates: (() => void)[] | undefined;

  constructor({
    options: given,
    hub,
    maxSubscriptions = 10,
    maxOfSubject = Infinity,
    limits,
    broker,
  }: BenchOptions = {}) {
    const options = { ...defaultChannelOptions, ...given };
    const { recorder } = this;
    const bounds = { maxSubscriptions, lagSpreadMs: options.lagSpreadMs };
    const subscriptions = new SubscriptionRegistry(
      { maxOfSubject: () => maxOfSubject, ...bounds },
      () => 0.5,
      recorder,
    );
    this.subscriptions = subscriptions;
    this.bench = new HubBench({ ...(hub && { options: hub }), ...(broker && { broker }), audience: subscriptions });
    const { clock, hub: benchHub, store } = this.bench;
    const answers = { ofRepeatable: refusalOf };
    const places = {
      settled: (channel: ChannelName) => benchHub.settled(channel),
      logEnd: (channel: ChannelName) => benchHub.logEnd(channel),
      access: () => this.access,
    };
    this.authorizer = new Authorizer({
      channels: this.channels,
      subscriptions,
      ambient: new AmbientScope(),
      clock,
      recorder,
      options,
      places,
    });
    this.withdrawals = new Withdrawals(store, clock);
    const { authorizer, withdrawals } = this;
    const { busyRetryAfterMs } = options;
    const grants = new Grants(new Signer(this.keys, 'positions'));
    const subscriber = new Subscriber({
      hub: benchHub,
      authorizer,
      subscriptions,
      resumes: new Resumes({ grants, withdrawals, authorizer, places, busyRetryAfterMs }),
      answers,
      busyRetryAfterMs,
      rates: limits
        ? new SubjectRates(new PrincipalLimits({ ...defaultLimitOptions, ...limits }), clock, recorder)
        : { take: () => {} },
    });
    this.#subscribe = new SubscribeRoute({
      subscriber,
      authorizer: this.authorizer,
      subscriptions,
      recorder,
      options,
      maxPending: maxSubscriptions,
    });
    this.#unsubscribe = new UnsubscribeRoute(subscriptions);
    this.#history = new HistoryRoute({ hub: benchHub, authorizer: this.authorizer, answers, recorder, options });
  }

  policy(contract: ChannelContract, policy: Policy): void {
    this.channels.add(
      new BoundPolicy(contract, policy, {
        bind: (instance, name, around) => async (session, data, context, pattern) => {
          const method = (instance as Record<string, (...args: unknown[]) => unknown>)[name];
          return around?.((...args) => method?.apply(instance, args), [session.socket, data, context, pattern]);
        },
      }),
    );
  }

  /** For policies that are to stand still and to change their mind. */
  async policyAnswer(): Promise<boolean> {
    const gates = this.#policyGates;
    if (gates) await new Promise<void>((resolve) => gates.push(resolve));
    const fails = this.#failsPolicy;
    this.#failsPolicy = false;
    if (fails) throw new Error('The policy fails');
    return this.#allowed;
  }

  /** Once. */
  failPolicy(): void {
    this.#failsPolicy = true;
  }

  answerPolicy(allowed: boolean): void {
    this.#allowed = allowed;
  }

  holdPolicy(): void {
    this.#policyGates ??= [];
  }

  releasePolicy(): void {
    const gates = this.#policyGates ?? [];
    this.#policyGates = undefined;
    for (const open of gates) open();
  }

  session(id?: string, subject?: string): FakeSession {
    return new FakeSession(this.bench.rooms, id, { name: subject ?? 'ann' }, subject);
  }

  /** The node carries a withdrawal out, the next one in the log. */
  withdraw(revocation: Revocation): void {
    const offset = (this.access?.offset ?? 0) + 1;
    this.access = { epoch: this.access?.epoch ?? ('epoch1' as Epoch), offset: offset as Offset };
    const event = { offset, type: 'access.revoked', time: this.bench.clock.now(), data: JSON.stringify(revocation) };
    this.withdrawals.note(this.access.epoch, event);
    this.authorizer.withdraw(revocation);
  }

  async subscribe(session: Session, channel: string, since?: string, grant?: string): Promise<SubscribeAnswer> {
    const item = { channel, sid: 1, ...(since !== undefined && { since }), ...(grant !== undefined && { grant }) };
    const { items } = await this.#subscribe.handle(session, { items: [item] });
    return items[0]!;
  }

  frame(session: Session, body: unknown): Promise<{ readonly items: readonly SubscribeAnswer[] }> {
    return this.#subscribe.handle(session, body);
  }

  /** The answer to `body` is not sent. */
  withhold(session: Session, body: unknown): void {
    this.#subscribe.withhold(session, body);
  }

  unsubscribe(session: Session, ...channels: string[]): Promise<object> {
    return this.#unsubscribe.handle(session, { channels });
  }

  history(session: Session, body: unknown): ReturnType<HistoryRoute['handle']> {
    return this.#history.handle(session, body);
  }

  /** The connection of `session` is lost. */
  disconnect(session: FakeSession): void {
    session.end();
    this.#subscribe.release(session);
  }
}

const refusalOf = (error: unknown) => (error instanceof CodedError ? error.toWire() : wireError('INTERNAL'));
