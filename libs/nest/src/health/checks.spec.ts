import { expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import type { Delivery } from './canary/delivery-canary.js';
import { DeliveryCheck } from './delivery.check.js';
import { DrainCheck } from './drain.check.js';
import { LogTailCheck } from './log-tail.check.js';
import { PassCheck } from './pass.check.js';
import { RedisCheck } from './redis.check.js';

const clock = new FakeClock();
const ago = (ms: number | undefined) => (ms === undefined ? undefined : clock.monotonic() - ms);

it.each<[string, number | undefined, number | undefined, object]>([
  ['a pass had the lock just now', 0, 0, { kind: 'good', ageMs: 0, facts: { passAgeMs: 0 } }],
  ['the others have the lock', 300, 9_000, { kind: 'good', ageMs: 9_000, facts: { passAgeMs: 300 } }],
  ['the last answer is as old as it may be', 5_000, 5_000, { kind: 'good', ageMs: 5_000 }],
  ['the last answer is older', 5_001, 5_001, { kind: 'fault', scope: 'compared', forMs: 2_501 }],
  ['there was no answer yet', undefined, undefined, { kind: 'fault', scope: 'own', reason: 'starting' }],
])('the stream is judged by its passes when %s', (_when, answer, pass, expected) => {
  const sequencer = { lastAnswerAt: ago(answer), lastPassAt: ago(pass) };
  expect(new PassCheck({ sequencer, clock }).check()).toMatchObject(expected);
});

it.each<[number, object]>([
  [15_000, { kind: 'good' }],
  [15_001, { kind: 'fault', scope: 'shared', facts: { standsForMs: 15_001 } }],
])(
  'staged events that nobody has taken for %d ms are a fault that all nodes share, if it is too long',
  (standsForMs, expected) => {
    const sequencer = { lastAnswerAt: ago(0), lastPassAt: ago(0) };
    expect(new PassCheck({ sequencer, clock, backlog: { standsForMs } }).check()).toMatchObject(expected);
  },
);

it.each([-9, 9])('an age is right although the wall clock steps by %d days', async (days) => {
  const own = new FakeClock();
  const sequencer = { lastAnswerAt: own.monotonic(), lastPassAt: own.monotonic() };
  own.step(days * 86_400_000);
  await own.advance(4_000);
  expect(new PassCheck({ sequencer, clock: own }).check()).toMatchObject({ kind: 'good', ageMs: 4_000 });
  await own.advance(2_000);
  expect(new PassCheck({ sequencer, clock: own }).check()).toMatchObject({
    kind: 'fault',
    facts: { passAgeMs: 6_000 },
  });
});

it.each<[string, number | undefined, number, object]>([
  ['it has not looked yet', undefined, 500, { kind: 'good' }],
  ['it has just looked', 0, 500, { kind: 'good', facts: { lookAgeMs: 0 } }],
  ['looks fail', 5_001, 500, { kind: 'fault', scope: 'shared', facts: { lookAgeMs: 5_001 } }],
  ['looks are rare', 5_001, 5_000, { kind: 'good' }],
])('the hub is judged by its looks into the log when %s', (_when, look, lookIntervalMs, expected) => {
  expect(new LogTailCheck({ lastLookAt: ago(look), lookIntervalMs }, clock).check()).toMatchObject(expected);
});

it('Redis is good where there is none or all of it is up, and otherwise a fault that all nodes share', () => {
  const [up, down] = [{ isUp: true }, { isUp: false }];
  const kinds = [undefined, [up, up]].map((connections) => new RedisCheck(connections, clock).check().kind);
  expect(kinds).toEqual(['good', 'good']);
  expect(new RedisCheck([up, down], clock).check()).toMatchObject({ kind: 'fault', scope: 'shared' });
});

it('Redis is compared with other nodes from a moment after its last message came back', () => {
  const [up, down] = [{ isUp: true }, { isUp: false }];
  const echo = { fault: undefined, returnedAt: clock.monotonic() - 4_000 };
  expect(new RedisCheck([up, up], clock, echo).check()).toMatchObject({ kind: 'good', ageMs: 4_000 });
  expect(new RedisCheck([up, down], clock, echo).check()).toMatchObject({ scope: 'compared', forMs: 0 });
  const older = { fault: undefined, returnedAt: clock.monotonic() - 9_000 };
  expect(new RedisCheck([up, down], clock, older).check()).toMatchObject({ scope: 'compared', forMs: 4_000 });
  const refused = { ...echo, fault: { kind: 'refused', reason: 'no' } as const };
  expect(new RedisCheck([up, down], clock, refused).check()).toMatchObject({ scope: 'shared', reason: 'no' });
});

it('a node that drains must not be given users', () => {
  const drain = { started: false };
  const check = new DrainCheck(drain);
  expect(check.check()).toEqual({ kind: 'good' });
  drain.started = true;
  expect(check.check()).toEqual({ kind: 'fault', scope: 'own', reason: 'draining' });
});

it.each<[string, Delivery, object]>([
  ['no canary has come to its end', { kind: 'unknown' }, { kind: 'fault', scope: 'own', reason: 'starting' }],
  ['canaries arrive', { kind: 'works', sentAt: clock.monotonic() - 70, tookMs: 9.6 }, { kind: 'good', ageMs: 70 }],
  [
    'one was lost just now, and those of others that began a moment later arrived',
    { kind: 'broken', since: clock.monotonic() - 900, reason: 'lost' },
    { kind: 'fault', scope: 'compared', forMs: 0, facts: { brokenForMs: 900 } },
  ],
  [
    'they are lost for longer',
    { kind: 'broken', since: clock.monotonic() - 4_000, reason: 'lost' },
    { kind: 'fault', scope: 'compared', forMs: 3_000, reason: 'lost' },
  ],
])('delivery is judged by its canaries when %s', (_when, delivery, expected) => {
  expect(new DeliveryCheck({ delivery }, clock).check()).toMatchObject(expected);
});
