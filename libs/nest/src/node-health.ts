import { systemClock } from './core/clock.js';
import { systemRandom } from './core/random.js';
import type { ReadinessCheck } from './core/readiness-check.js';
import type { ChannelName } from '@millrace/protocol';
import { RedisChannels } from './broker/redis/redis-channels.js';
import { canaryChannelName } from './health/canary/canary-channel.js';
import { CanaryLog } from './health/canary/canary-log.js';
import { CommandPath } from './health/canary/command-path.js';
import { DeliveryCanary } from './health/canary/delivery-canary.js';
import { ClockCheck } from './health/clock.check.js';
import { DeliveryCheck } from './health/delivery.check.js';
import { DrainCheck } from './health/drain.check.js';
import { LogTailCheck } from './health/log-tail.check.js';
import { PassCheck } from './health/pass.check.js';
import type { HealthReport } from './health/proof.js';
import { Readiness } from './health/readiness.js';
import { RedisCheck } from './health/redis.check.js';
import { RefusalsCheck } from './health/refusals.check.js';
import { RedisEcho } from './redis/redis-echo.js';
import type { Ring } from './ring.js';
import type { NodeDescription } from './session/rooms/node-description.js';
import type { SessionDrain } from './session/session-drain.js';

/** The others are asked in the background; what has not answered by then does not count. */
const ASK_TIMEOUT_MS = 500;
/** Beside the channels of events, which no channel of an application is called like. */
const echoChannel = '_millrace.echo' as ChannelName;

/** What a node knows of its own health, and the parts that find it out. */
export class NodeHealth {
  readonly readiness: Readiness;
  readonly #canary: DeliveryCanary | undefined;
  readonly #log: CanaryLog;
  readonly #clocks: ClockCheck;
  readonly #echo: RedisEcho | undefined;

  constructor(
    private readonly ring: Ring,
    drain: SessionDrain,
  ) {
    const { recorder, node, database, databaseClock, options } = ring;
    const { schema, maxClockSkewMs } = options.stream;
    this.#log = new CanaryLog({ database, schema, node, clock: systemClock });
    this.#canary = this.#canaryOf(ring);
    this.#echo = this.#echoOf(ring);
    this.#clocks = new ClockCheck({
      databaseClock,
      maxClockSkewMs,
      tokenToleranceMs: options.authenticate.clockToleranceMs ?? 0,
      clock: systemClock,
    });
    this.readiness = new Readiness({
      checks: [new DrainCheck(drain), ...this.#checks()],
      others: () => this.#others(),
      clock: systemClock,
      recorder,
    });
  }

  /** Last of all: the canary needs every other part. */
  async start(): Promise<void> {
    if (this.#canary) {
      const { hub, node, wait } = this.ring;
      await wait.until(() => hub.attachAhead(canaryChannelName(node)));
      await this.#canary.start();
      this.#log.start();
    }
    if (this.#echo) this.#echo.start(await this.#echoChannel());
    this.readiness.start();
  }

  /** First of all. */
  async stop(): Promise<void> {
    this.#canary?.stop();
    await Promise.all([this.#log.stop(), this.#echo?.stop(), this.readiness.stop()]);
  }

  /** All that must work on a node before it is given users: a new check is added here. */
  #checks(): ReadinessCheck[] {
    const { sequencer, hub, redisConnections, backlog } = this.ring;
    return [
      new PassCheck({ sequencer, clock: systemClock, backlog }),
      new LogTailCheck(hub, systemClock),
      new RedisCheck(redisConnections, systemClock, this.#echo),
      this.#clocks,
      new RefusalsCheck(this.ring.refusals, systemClock),
      ...(this.#canary ? [new DeliveryCheck(this.#canary, systemClock)] : []),
    ];
  }

  /** Over Redis; where nobody answers, by what they said in the log. */
  async #others(): Promise<readonly HealthReport[]> {
    const { nodes } = await this.ring.others.ask(ASK_TIMEOUT_MS);
    this.#clocks.heard(nodes);
    if (nodes.length > 0 || !this.#canary) return nodes.map(reportOf);
    return (await this.#log.reports()).map(({ health }) => health);
  }

  #echoOf({ redis, subscriber, node, recorder }: Ring): RedisEcho | undefined {
    if (!redis || !subscriber) return undefined;
    const { publisher, options } = redis;
    const knownNodes = async (): Promise<string[]> => (await this.#log.reports()).map((report) => report.node);
    return new RedisEcho({
      publisher,
      subscriber,
      node,
      prefix: options.prefix,
      knownNodes,
      clock: systemClock,
      recorder,
    });
  }

  async #echoChannel(): Promise<string> {
    const { wait, redis } = this.ring;
    const installation = await wait.until(() => this.ring.installation());
    return new RedisChannels(redis?.options.prefix ?? '', installation).of(echoChannel);
  }

  #canaryOf({ options, node, recorder, emitter, publisher, database, transactions }: Ring): DeliveryCanary | undefined {
    if (options.health.canaryIntervalMs === 0) return undefined;
    const canary = new DeliveryCanary({
      node,
      path: new CommandPath({
        node,
        transactions,
        ambient: database.ambient,
        publisher,
        report: () => this.readiness.report(),
      }),
      clock: systemClock,
      random: systemRandom,
      recorder,
      options: options.health,
    });
    emitter.onEmitted((frame) => canary.emitted(frame));
    return canary;
  }
}

/** A node of an older release says only how old its last pass is. */
function reportOf({ health, passAgeMs }: Partial<NodeDescription>): HealthReport {
  return health ?? (typeof passAgeMs === 'number' ? { stream: passAgeMs } : {});
}
