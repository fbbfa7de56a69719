import type { ChannelName } from '@millrace/protocol';
import type { Namespace } from 'socket.io';
import { MemoryBroker } from '../../broker/memory/memory-broker.js';
import type { CodedError } from '../../core/coded-error.js';
import { replacing } from '../../core/testing/replacing.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import { Rounds } from '../../core/rounds.js';
import { Hub } from '../../hub/hub.js';
import { defaultHubOptions } from '../../hub/hub.options.js';
import { MemoryStreamStore } from '../../hub/testing/memory-stream-store.js';
import { SocketRoomEmitter } from '../../session/socket-room-emitter.js';
import { AmbientScope } from '../../stream/transaction/ambient.js';
import type { TransactionPort } from '../../stream/transaction/transaction.port.js';
import { silentRecorder } from '../../telemetry/recorder.js';
import { canaryChannelName } from '../canary/canary-channel.js';
import { CommandPath } from '../canary/command-path.js';
import { DeliveryCanary } from '../canary/delivery-canary.js';
import { DeliveryCheck } from '../delivery.check.js';
import { defaultHealthOptions } from '../health.options.js';
import { LogTailCheck } from '../log-tail.check.js';
import { PassCheck } from '../pass.check.js';
import type { HealthReport } from '../proof.js';
import { Readiness } from '../readiness.js';

/** Where a test breaks a node. */
export const stages = ['pool', 'slow pool', 'pass', 'hub', 'emission'] as const;
export type Stage = (typeof stages)[number];

/** How nodes learn of one another: they answer questions, or write it into the log. */
export type Witness = 'answers' | 'log';

/** What the database has that all nodes share: the log, what waits to be numbered, what nodes said of themselves. */
class SharedDatabase {
  readonly store: MemoryStreamStore;
  staged: { readonly channel: ChannelName; readonly id: string }[] = [];
  readonly said = new Map<string, { readonly at: number; readonly health: HealthReport }>();

  constructor(clock: FakeClock) {
    this.store = new MemoryStreamStore(() => clock.now());
  }
}

/** One node: the real canary, hub, emitter and readiness around a pool, a pass and a broker that a test can break. */
export class HealthNode {
  readonly broken = new Set<Stage>();
  readonly readiness: Readiness;
  readonly canary: DeliveryCanary;
  readonly broker = new MemoryBroker(silentRecorder);
  readonly #hub: Hub;
  readonly #polls: Rounds;
  #lastAnswerAt: number;
  #waiting: (() => void)[] = [];

  constructor(
    readonly name: string,
    private readonly cluster: HealthCluster,
  ) {
    const { clock, database, random } = cluster;
    const common = { clock, random, recorder: silentRecorder };
    this.#lastAnswerAt = clock.monotonic();
    const emitter = new SocketRoomEmitter();
    const room = { emit: () => true };
    emitter.bind({ local: { to: () => room }, adapter: { rooms: new Map() } } as unknown as Namespace);
    const seen = replacing(emitter, {
      events: (...frame) => {
        if (!this.broken.has('emission')) emitter.events(...frame);
      },
    });
    const reads = <T>(read: () => Promise<T>): Promise<T> =>
      this.broken.has('hub') ? Promise.reject(new Error('The log cannot be read')) : read();
    this.#hub = new Hub({
      ...common,
      store: replacing(database.store, {
        digest: (after) => reads(() => database.store.digest(after)),
        history: (...page) => reads(() => database.store.history(...page)),
      }),
      broker: this.broker,
      emitter: seen,
      audience: { lagging: () => {} },
      options: defaultHubOptions,
    });
    const ambient = new AmbientScope();
    let ids = 0;
    const publish = async (): Promise<{ readonly id: string }> => {
      const id = `${name}-${++ids}`;
      ambient.current()?.unit?.afterCommit(() => this.#committed(id));
      return { id };
    };
    this.canary = new DeliveryCanary({
      ...common,
      node: name,
      path: new CommandPath({
        node: name,
        transactions: this.#pool(),
        ambient,
        publisher: { publish },
        report: () => this.readiness.report(),
      }),
      options: defaultHealthOptions,
    });
    emitter.onEmitted((frame) => this.canary.emitted(frame));
    const passes = () => ({ lastAnswerAt: this.#lastAnswerAt, lastPassAt: this.#lastAnswerAt });
    this.readiness = new Readiness({
      ...common,
      checks: [
        { name: 'stream', check: () => new PassCheck({ sequencer: passes(), clock }).check() },
        new LogTailCheck(this.#hub, clock),
        new DeliveryCheck(this.canary, clock),
      ],
      others: () => Promise.resolve(cluster.reportsTo(this)),
    });
    this.#polls = new Rounds(clock, 500, () => this.#pass());
  }

  async start(): Promise<void> {
    await this.#hub.start();
    await this.#hub.attachAhead(canaryChannelName(this.name));
    this.#polls.start();
    void this.canary.start();
    this.readiness.start();
  }

  async stop(): Promise<void> {
    this.repair();
    this.canary.stop();
    await this.readiness.stop();
    await this.#polls.stop();
    await this.#hub.stop();
  }

  get waitingForConnection(): number {
    return this.#waiting.length;
  }

  repair(): void {
    this.broken.clear();
    for (const go of this.#waiting.splice(0)) go();
  }

  hand(batch: Parameters<MemoryBroker['publish']>[0]): void {
    if (!this.broken.has('hub')) this.broker.publish(batch);
  }

  /** Connections that are all taken: whoever comes waits for one, or is told after a while that there is none. */
  #pool(): TransactionPort {
    return {
      run: async (work) => {
        if (this.broken.has('pool')) await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (this.broken.has('slow pool')) {
          await new Promise<void>((resolve) => this.cluster.clock.after(5_000, resolve));
          throw new Error('timeout exceeded when trying to connect') as CodedError;
        }
        return work({});
      },
      executor: () => ({ query: () => Promise.resolve([]) }),
    };
  }

  #committed(id: string): void {
    const { database, clock } = this.cluster;
    database.staged.push({ channel: canaryChannelName(this.name), id });
    database.said.set(this.name, { at: clock.monotonic(), health: this.readiness.report() });
    void this.#pass();
  }

  async #pass(): Promise<void> {
    if (this.broken.has('pass')) return;
    this.#lastAnswerAt = this.cluster.clock.monotonic();
    const { database, nodes } = this.cluster;
    const batches = database.staged.splice(0).map(({ channel, id }) => database.store.appendAs(channel, [id]));
    for (const node of nodes) node.hand(batches);
  }
}

/** Nodes on one database. */
export class HealthCluster {
  readonly clock = new FakeClock();
  readonly database = new SharedDatabase(this.clock);
  readonly nodes: HealthNode[];
  #seed = 1;

  constructor(
    count: number,
    private readonly witness: Witness,
  ) {
    this.nodes = Array.from({ length: count }, (_, index) => new HealthNode(`node${index}`, this));
  }

  readonly random = (): number => {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  };

  async start(): Promise<void> {
    for (const node of this.nodes) await node.start();
    await this.clock.advance(10_000);
  }

  async stop(): Promise<void> {
    const stopping = Promise.all(this.nodes.map((node) => node.stop()));
    await this.clock.advance(5_000);
    await stopping;
  }

  reportsTo(asking: HealthNode): readonly HealthReport[] {
    const others = this.nodes.filter((node) => node !== asking);
    if (this.witness === 'answers') return others.map((node) => node.readiness.report());
    return others.flatMap(({ name }) => {
      const said = this.database.said.get(name);
      if (!said || this.clock.monotonic() - said.at > 30_000) return [];
      const older = Object.entries(said.health).map(([check, ageMs]) => [
        check,
        ageMs + this.clock.monotonic() - said.at,
      ]);
      return [Object.fromEntries(older) as HealthReport];
    });
  }

  /** The states of all nodes at each moment that a load balancer asks, twice a second. */
  async watch(ms: number): Promise<readonly (readonly string[])[]> {
    const seen: string[][] = [];
    for (let at = 0; at < ms; at += 500) {
      await this.clock.advance(500);
      seen.push(this.nodes.map((node) => node.readiness.current().state));
    }
    return seen;
  }
}
