import { describe, expect, it } from 'vitest';
import { BootError } from './core/boot-error.js';
import { riskyOptions } from './check-across-options.js';
import { resolveOptions, type MillraceOptions } from './millrace.options.js';

const authenticate = { authenticate: () => Promise.reject(new Error('not asked here')) };
const given: MillraceOptions = { embedded: {}, authenticate };
const pg = { connectionString: 'postgres://a/b' };
const boot = (options: object) => () => resolveOptions({ ...given, ...options });

describe('the options', () => {
  it('leave nothing open', () => {
    const { session, stream, hub } = resolveOptions({ ...given, session: { maxSubscriptions: 7 }, stream: {} });
    expect(session).toMatchObject({ maxSubscriptions: 7, heartbeatIntervalMs: 10_000 });
    expect(stream.schema).toBe('millrace');
    expect(hub.digestIntervalMs).toBe(500);
    expect(Object.isFrozen(session)).toBe(true);
  });

  const postgres = { connectionString: 'postgres://a/b' };
  it.each([
    ['the embedded database', given, 500],
    ['a server and Redis', { authenticate, postgres, redis: { url: 'redis://c' } }, 500],
    ['a server alone', { authenticate, postgres }, 100],
  ])('look into the log as often as %s needs it, unless told otherwise', (_what, options, digestIntervalMs) => {
    expect(resolveOptions(options).hub).toMatchObject({ digestIntervalMs, holdMs: 50 });
    const told = resolveOptions({ ...options, hub: { digestIntervalMs: 250 } });
    expect(told.hub.digestIntervalMs).toBe(250);
  });

  it('take undefined for not given, as configuration services say it', () => {
    const session = { maxSubscriptions: undefined } as unknown as NonNullable<MillraceOptions['session']>;
    expect(resolveOptions({ ...given, session }).session.maxSubscriptions).toBe(200);
  });

  it.each([
    ['no database', { embedded: undefined }, /No database: give `postgres/],
    ['two databases', { postgres: { connectionString: 'postgres://a/b' } }, /Both `postgres` and `embedded`/],
    ['an empty address', { embedded: undefined, postgres: { connectionString: '' } }, /connectionString` is empty/],
    ['an absent address', { embedded: undefined, postgres: {} }, /connectionString` is empty/],
    ['no authentication', { authenticate: undefined }, /`authenticate` is missing/],
    ['an address of no Redis', { redis: { url: 'http://:hush@cache' } }, /^`redis.url` must be like redis/],
    ['a prefix with a star', { redis: { url: 'redis://cache', prefix: 'a*' } }, /`redis.prefix` is "a\*"/],
    ['a misspelt option', { session: { maxSubscription: 1 } }, /no option `session.maxSubscription`/],
    ['a number that is none', { command: { deadlineMs: '5s' } }, /`command.deadlineMs` is 5s; it must be a number/],
    ['NaN', { hub: { holdMs: Number.NaN } }, /`hub.holdMs` is NaN/],
    ['a number below its least', { session: { framesPerSecond: 0 } }, /framesPerSecond` is 0; .* at least 1/],
    ['an origin with a path', { session: { allowedOrigins: ['https://a.example/app'] } }, /which is no origin/],
    ['an origin that is a pattern', { session: { allowedOrigins: ['*'] } }, /has "\*", which is no origin/],
    ['a restless digest', { hub: { digestIntervalMs: 10 } }, /`hub.digestIntervalMs` is 10; the least is 50/],
    ['a part above the whole', { hub: { recentMaxChannelBytes: 2, recentMaxBytes: 1 } }, /above `hub.recentMaxBytes`/],
    ['pages that make everybody lag', { session: { maxWaitingBytes: 1_000 } }, /above `channel.pageMaxBytes`/],
    ['frames too small to come back with', { session: { maxFrameBytes: 8_192 } }, /at least 20480, 500 and 4/],
    ['frames too poor to come back with', { session: { maxFrameNodes: 400 } }, /at least 20480, 500 and 4/],
    ['frames too flat to come back with', { session: { maxFrameDepth: 3 } }, /at least 20480, 500 and 4/],
    [
      'events that make everybody lag',
      { session: { maxWaitingBytes: 300_000 }, stream: { maxEventBytes: 400_000 } },
      /`session.maxWaitingBytes` must be at least `stream.maxEventBytes`/,
    ],
    ['a process that keeps less than one client', { stream: { maxBufferedBytes: 1_500_000 } }, /at least twice/],
    [
      'a session above its node',
      { command: { maxInFlight: 20 } },
      /maxCommandsInFlight` is above `command.maxInFlight/,
    ],
    ['half a connection', { embedded: undefined, postgres: { ...pg, maxConnections: 0.5 } }, /maxConnections` is 0.5/],
    ['no connection', { embedded: undefined, postgres: { ...pg, maxConnections: 0 } }, /maxConnections` is 0;/],
    ['a pool of one', { embedded: undefined, postgres: { pool: { options: { max: 1 } } } }, /it needs at least 2/],
    ['events that no repair can carry', { hub: { repairMaxBytes: 1_000 } }, /at least `stream.maxEventBytes`/],
  ])('refuse %s', (_what, options, message) => {
    expect(boot(options)).toThrow(BootError);
    expect(boot(options)).toThrow(message);
  });

  it('let a node drain and detach at once', () => {
    const resolved = resolveOptions({ ...given, session: { drainSpreadMs: 0 }, hub: { lingerMs: 0 } });
    expect([resolved.session.drainSpreadMs, resolved.hub.lingerMs]).toEqual([0, 0]);
  });
});

describe('risky options', () => {
  const risks = (more: object) => riskyOptions(resolveOptions({ authenticate, ...more }));

  it('are none of the defaults, which agree with each other', () => {
    expect(risks({ embedded: {} })).toEqual([]);
    expect(risks({ postgres: pg })).toEqual([]);
    expect(risks({ postgres: pg, redis: { url: 'redis://c' } })).toEqual([]);
  });

  it.each([
    [{ postgres: pg, hub: { readConcurrency: 8 } }, /is 8, and there are 4 connections for reads/],
    [{ postgres: { pool: { options: { max: 3 } } }, hub: { readConcurrency: 1 } }, /^Only 1 of the connections/],
    [{ postgres: { ...pg, maxConnections: 2 } }, /^Only 2 of the connections/],
    [{ embedded: {}, command: { maxInFlight: 50 } }, /half of `command.maxInFlight`/],
    [{ embedded: {}, command: { deadlineMs: 20_000 } }, /drainTimeoutMs` is below `command.deadlineMs`/],
    [{ embedded: {}, channel: { maxWaitingPolicyCalls: 300 } }, /comes back with all of them gets BUSY/],
    [{ embedded: {}, hub: { maxWaitingReads: 300 } }, /^`hub.maxWaitingReads`/],
    [{ embedded: {}, stream: { maxBufferedBytes: 1e12 } }, /half of the heap of this process/],
  ])('%o are told', (options, message) => {
    expect(risks(options)).toEqual([expect.stringMatching(message)]);
  });
});
