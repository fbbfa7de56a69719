import { describe, expect, it } from 'vitest';
import { CodedError } from '../../core/coded-error.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import { RefusalsCheck } from '../../health/refusals.check.js';
import { networkOf } from '../../limits/client-address.js';
import { LateRefusals } from './late-refusals.js';
import { RefusalTally } from './refusal-tally.js';
import { TokenRefusal } from './token-refusal.js';

const expiredOf = (subject: string) => new TokenRefusal('TOKEN_EXPIRED', {}, { kind: 'clock', source: subject });
const badSignature = new TokenRefusal('UNAUTHENTICATED', { reason: 'signature' }, { kind: 'key' });
const invented = new TokenRefusal('UNAUTHENTICATED', { reason: 'signature' }, undefined);

function scene() {
  const clock = new FakeClock();
  const tally = new RefusalTally(clock);
  const check = new RefusalsCheck(tally, clock);
  return { clock, tally, check, late: new LateRefusals(tally, clock, 5_000) };
}

const times = (count: number, task: (index: number) => void): void => {
  for (let index = 0; index < count; index++) task(index);
};

describe('a node that refuses', () => {
  it('five clients with expired tokens one after the other, and lets in nobody, is doubted', async () => {
    const { clock, tally, check } = scene();
    times(4, (index) => tally.refused(expiredOf(`user-${index}`), undefined));
    expect(check.check()).toEqual({ kind: 'good', ageMs: Infinity });
    tally.refused(expiredOf('user-4'), undefined);
    await clock.advance(2_000);
    expect(check.check()).toMatchObject({ kind: 'fault', scope: 'compared', forMs: 2_000, facts: { refused: 5 } });
  });

  it('clients of five networks for a bad signature, and never let in anybody, is doubted', () => {
    const { tally, check } = scene();
    times(5, (index) => tally.refused(badSignature, `network-${index}`));
    expect(check.check().kind).toBe('fault');
  });

  it('tokens of an authenticator of the application is doubted by networks too', () => {
    const { tally, check } = scene();
    times(5, (index) => tally.refused(new CodedError('UNAUTHENTICATED'), `network-${index}`));
    expect(check.check().kind).toBe('fault');
  });

  it.each([
    ['ten thousand invented tokens', 10_000, () => invented],
    ['what names the user as the cause', 10_000, () => new CodedError('UNAUTHENTICATED', { reason: 'sign-in' })],
    ['what the application forbids', 10_000, () => new CodedError('FORBIDDEN')],
    ['what is no refusal', 10_000, () => new Error('The key server is away')],
    ['tokens of four users, again and again', 10_000, (index: number) => expiredOf(`user-${index % 4}`)],
  ])('%s is not doubted', (_what, count, error) => {
    const { tally, check } = scene();
    times(count, (index) => tally.refused(error(index), `network-${index}`));
    expect(check.check().kind).toBe('good');
  });

  it('ten thousand likely tokens of one network is not doubted', () => {
    const { tally, check } = scene();
    times(10_000, () => tally.refused(badSignature, 'network'));
    expect([check.check().kind, tally.count]).toEqual(['good', 1]);
  });

  it('is not doubted for keys once it has let in somebody, however many strangers ask', async () => {
    const { clock, tally, check } = scene();
    tally.accepted();
    await clock.advance(3_600_000);
    times(10_000, (index) => tally.refused(badSignature, `network-${index}`));
    expect(check.check()).toEqual({ kind: 'good', ageMs: 3_600_000 });
  });

  it('is doubted for its clock also when it let in many before, and no more when it does again', () => {
    const { tally, check } = scene();
    tally.accepted();
    times(5, (index) => tally.refused(expiredOf(`user-${index}`), undefined));
    expect(check.check().kind).toBe('fault');
    tally.accepted();
    expect(check.check()).toEqual({ kind: 'good', ageMs: 0 });
  });

  it('is given another chance when nobody was sent to it for half a minute', async () => {
    const { clock, tally, check } = scene();
    times(5, (index) => tally.refused(expiredOf(`user-${index}`), undefined));
    await clock.advance(30_000);
    expect(check.check().kind).toBe('fault');
    await clock.advance(1);
    expect(check.check().kind).toBe('good');
  });

  it('keeps no more than a hundred sources', () => {
    const { tally } = scene();
    times(10_000, (index) => tally.refused(expiredOf(`user-${index}`), undefined));
    expect(tally.count).toBe(100);
  });
});

describe('the refusals', () => {
  it.each([
    [1, 0],
    [2, 250],
    [4, 1_000],
    [6, 4_000],
    [50, 4_000],
  ])('of a node that refused %i clients one after the other come after %i ms', async (count, delayMs) => {
    const { clock, tally, late } = scene();
    times(count, (index) => tally.refused(expiredOf(`user-${index}`), undefined));
    let isTold = false;
    void late.hold().then(() => (isTold = true));
    await clock.advance(Math.max(0, delayMs - 1));
    expect(isTold).toBe(delayMs === 0);
    await clock.advance(1);
    expect([isTold, clock.pending]).toEqual([true, 0]);
  });

  it('wait no more when somebody is let in', async () => {
    const { clock, tally, late } = scene();
    times(9, (index) => tally.refused(expiredOf(`user-${index}`), undefined));
    const held = late.hold();
    tally.accepted();
    await held;
    expect([late.waiting, clock.pending]).toEqual([0, 0]);
  });

  it('that wait are no more than 200', async () => {
    const { clock, tally, late } = scene();
    times(9, (index) => tally.refused(expiredOf(`user-${index}`), undefined));
    let told = 0;
    times(1_000, () => void late.hold().then(() => told++));
    await clock.advance(0);
    expect([told, late.waiting]).toEqual([800, 200]);
    await clock.advance(4_000);
    expect([told, late.waiting]).toEqual([1_000, 0]);
  });
});

describe('the network of a client', () => {
  it.each([
    ['203.0.113.9', undefined, '203.0.113.9'],
    ['::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['10.0.0.2', undefined, '10.0.0.2'],
    ['10.0.0.2', '198.51.100.1', '198.51.100.1'],
    ['::ffff:172.18.0.4', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', 'nonsense', '127.0.0.1'],
    ['172.32.0.1', '198.51.100.1', '172.32.0.1'],
    ['2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2'],
    ['2001:db8:1:2::9', undefined, '2001:db8:1:2'],
    ['2001:db8::1', undefined, '2001:db8:0:0'],
    ['2001:DB8::2:1', undefined, '2001:db8:0:0'],
    ['::1', '2001:db8:1:2::7', '2001:db8:1:2'],
  ])('%s, said to be for %s, is %s', (address, forwarded, network) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    expect(networkOf({ address, headers }, 'auto')).toBe(network);
  });
});
