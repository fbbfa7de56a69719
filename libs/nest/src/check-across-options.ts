import { getHeapStatistics } from 'node:v8';
import { BootError } from './core/boot-error.js';
import type { ResolvedOptions } from './millrace.options.js';
import { connectionShares } from './stream/pg/connection-shares.js';
import type { PgSource } from './stream/pg/pg-database.js';

const PATH = /^(\/[\w.~-]+)+$/;

/** The most that a token has, 16,384 characters; and a `subscribe` of the SDK, 100 items of four values and 16,000 bytes. */
const MIN_FRAME = { bytes: 20_480, nodes: 500, depth: 4 };

/** @throws BootError when options contradict each other, so that something could never work */
export function checkAcross({
  session,
  channel,
  command,
  hub,
  stream,
  health,
  limits,
  database,
}: ResolvedOptions): void {
  const demand = (holds: boolean, text: string): void => {
    if (!holds) throw new BootError(text);
  };
  for (const origin of session.allowedOrigins) {
    demand(isOrigin(origin), `\`session.allowedOrigins\` has "${origin}", which is no origin like https://example.com`);
  }
  demand(
    PATH.test(session.path),
    `\`session.path\` is "${session.path}"; it must be like /realtime, without a slash at its end`,
  );
  const { maxFrameBytes, maxFrameNodes, maxFrameDepth } = session;
  demand(
    maxFrameBytes >= MIN_FRAME.bytes && maxFrameNodes >= MIN_FRAME.nodes && maxFrameDepth >= MIN_FRAME.depth,
    '`session.maxFrameBytes`, `maxFrameNodes` and `maxFrameDepth` must be at least 20480, 500 and 4, or a client may not get in, or not subscribe',
  );
  const { trustedHops, forPrincipal } = limits;
  demand(
    trustedHops === 'auto' || (Number.isInteger(trustedHops) && trustedHops >= 0),
    `\`limits.trustedHops\` is ${String(trustedHops)}; it must be the number of proxies, or "auto"`,
  );
  demand(
    forPrincipal === undefined || typeof forPrincipal === 'function',
    '`limits.forPrincipal` must be a function that returns the limits of a principal that differ',
  );
  demand(hub.digestIntervalMs >= 50, `\`hub.digestIntervalMs\` is ${hub.digestIntervalMs}; the least is 50`);
  demand(
    health.canaryIntervalMs === 0 || health.canaryIntervalMs >= 500,
    `\`health.canaryIntervalMs\` must be at least 500, or 0 for no canary (got ${health.canaryIntervalMs})`,
  );
  demand(
    hub.recentMaxChannelBytes <= hub.recentMaxBytes,
    '`hub.recentMaxChannelBytes` is above `hub.recentMaxBytes`, of which it is a part',
  );
  demand(
    session.maxWaitingBytes > channel.pageMaxBytes,
    '`session.maxWaitingBytes` must be above `channel.pageMaxBytes`, or one page makes a session lag',
  );
  demand(
    hub.repairMaxBytes >= stream.maxEventBytes,
    '`hub.repairMaxBytes` must be at least `stream.maxEventBytes`, or one large event cannot be repaired',
  );
  demand(
    session.maxWaitingBytes >= stream.maxEventBytes,
    '`session.maxWaitingBytes` must be at least `stream.maxEventBytes`, or one large event makes a session lag',
  );
  demand(
    stream.maxBufferedBytes >= 2 * Math.max(session.maxWaitingBytes, stream.maxEventBytes),
    '`stream.maxBufferedBytes` must be at least twice `session.maxWaitingBytes` and `stream.maxEventBytes`: of all that waits in a process one kind has half',
  );
  demand(
    session.maxCommandsInFlight <= command.maxInFlight,
    '`session.maxCommandsInFlight` is above `command.maxInFlight`, so that one session could never have so many',
  );
  if (database.kind === 'postgres') checkConnections(database.source, demand);
}

function checkConnections(source: PgSource, demand: (holds: boolean, text: string) => void): void {
  if (!('pool' in source)) {
    const { maxConnections = 1 } = source;
    demand(
      Number.isInteger(maxConnections) && maxConnections >= 1,
      `\`postgres.maxConnections\` is ${maxConnections}; it must be a whole number of at least 1`,
    );
    return;
  }
  const max = source.pool.options?.max ?? 2;
  demand(max >= 2, `The pool of \`postgres: { pool }\` has max ${max}; it needs at least 2, one of them for the pass`);
}

/** What works, and is likely to disappoint under load. To be logged at boot. */
export function riskyOptions({ session, channel, command, hub, stream, database }: ResolvedOptions): readonly string[] {
  const risks: string[] = [];
  const warn = (isRisky: boolean, text: string): void => void (isRisky && risks.push(text));
  const { maxSubscriptions } = session;
  warn(
    session.maxCommandsInFlight * 2 > command.maxInFlight,
    '`session.maxCommandsInFlight` is above half of `command.maxInFlight`, which is all that one client may have',
  );
  warn(
    channel.maxWaitingPolicyCalls < 2 * maxSubscriptions,
    '`channel.maxWaitingPolicyCalls` is below twice `session.maxSubscriptions`: a client that comes back with all of them gets BUSY',
  );
  warn(
    hub.maxWaitingReads < 2 * maxSubscriptions,
    '`hub.maxWaitingReads` is below twice `session.maxSubscriptions`: a client that comes back with all of them gets BUSY',
  );
  warn(
    session.drainTimeoutMs < command.deadlineMs,
    '`session.drainTimeoutMs` is below `command.deadlineMs`: a node that drains ends commands that still have time',
  );
  warn(
    stream.maxBufferedBytes > heapBytes() / 2,
    `\`stream.maxBufferedBytes\` is above half of the heap of this process (${Math.floor(heapBytes() / 1_048_576)} MiB)`,
  );
  if (database.kind === 'embedded') return risks;
  const { work, reads } = connectionShares(database.source);
  warn(
    hub.readConcurrency > reads,
    `\`hub.readConcurrency\` is ${hub.readConcurrency}, and there are ${reads} connections for reads: the others wait for them`,
  );
  warn(
    work < MIN_WORK,
    `Only ${work} of the connections of \`postgres\` are for work: commands and policies of few clients wait for each other`,
  );
  return risks;
}

/** Fewer, and one client leaves no place for a second and a third. */
const MIN_WORK = 3;

const heapBytes = (): number => getHeapStatistics().heap_size_limit;

function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
