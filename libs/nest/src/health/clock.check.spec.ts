import { describe, expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { ClockCheck, type ClockCheckParts } from './clock.check.js';

const HOUR_MS = 3_600_000;

function checkOf(skewMs: number | undefined, more: Partial<ClockCheckParts> & { databaseStepMs?: number } = {}) {
  const { databaseStepMs = 0, ...parts } = more;
  const clock = new FakeClock();
  const databaseClock = { skewMs, databaseStepMs };
  const check = new ClockCheck({ databaseClock, maxClockSkewMs: 10_000, tokenToleranceMs: 10_000, clock, ...parts });
  return { check, clock };
}

describe('the clock of a node', () => {
  it.each([
    ['it was not compared yet', undefined],
    ['it agrees', 3],
    ['it is as far ahead as it may be', 10_000],
    ['it is as far behind as it may be', -10_000],
  ])('is good when %s', (_when, skewMs) => {
    expect(checkOf(skewMs).check.check().kind).toBe('good');
  });

  it.each([
    ['ahead', 2 * HOUR_MS, 'the clock of this host is 7200 s ahead of the clock of the database'],
    ['behind', -2 * HOUR_MS, 'the clock of this host is 7200 s behind the clock of the database'],
  ])('makes it unready when it is %s', (_how, skewMs, reason) => {
    expect(checkOf(skewMs).check.check()).toMatchObject({
      kind: 'fault',
      scope: 'own',
      reason: expect.stringContaining(reason) as string,
      facts: { clockSkewMs: skewMs },
    });
  });

  it.each([
    ['the authenticator forgives more', { tokenToleranceMs: 60_000 }],
    ['no tokens are checked', { tokenToleranceMs: undefined as unknown as number }],
    ['the clock of the database was set', { databaseStepMs: -59_000 }],
  ])('leaves it in the load balancer, and is told, when %s', (_when, more) => {
    expect(checkOf(59_000, more).check.check()).toMatchObject({ kind: 'fault', scope: 'shared' });
  });

  it('makes it unready when its clock was set as well as that of the database', () => {
    const both = checkOf(-9 * 24 * HOUR_MS, { databaseStepMs: 2 * HOUR_MS });
    expect(both.check.check()).toMatchObject({ scope: 'own' });
  });

  it.each<[string, readonly object[], string]>([
    ['nobody answers', [], 'own'],
    ['another agrees with the database', [{ clockSkewMs: 7_000_000 }, { clockSkewMs: 20 }], 'own'],
    ['no other agrees with the database', [{ clockSkewMs: 7_100_000 }, { clockSkewMs: 7_300_000 }], 'shared'],
    ['another is of an older release', [{ id: 'b' }], 'own'],
    ['another has not compared yet', [{ clockSkewMs: null }], 'own'],
    ['another says nonsense', [{ clockSkewMs: 'late' }], 'own'],
  ])('is whose fault, when %s', (_when, others, scope) => {
    const { check } = checkOf(2 * HOUR_MS);
    expect(check.check()).toMatchObject({ asks: true });
    check.heard(others);
    expect(check.check()).toMatchObject({ scope });
  });

  it('does not lean for long on what others said', async () => {
    const { check, clock } = checkOf(2 * HOUR_MS);
    check.heard([{ clockSkewMs: 2 * HOUR_MS }]);
    await clock.advance(15_000);
    expect(check.check()).toMatchObject({ scope: 'shared' });
    await clock.advance(1);
    expect(check.check()).toMatchObject({ scope: 'own' });
  });
});
