import { beforeEach, expect, it } from 'vitest';
import { DatabaseClock } from './database-clock.js';
import { FakeClock } from './testing/fake-clock.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let host: FakeClock;
let clock: DatabaseClock;
/** What the database's clock says at monotonic time 0. */
let databaseAtZero: number;

beforeEach(() => {
  host = new FakeClock();
  clock = new DatabaseClock(host);
  databaseAtZero = host.now() - host.monotonic();
});

/** A round trip in which the database reads its clock at a share of the way. */
async function roundTrip(ms = 10, share = 0.5): Promise<void> {
  const sentAt = host.monotonic();
  await host.advance(ms);
  const databaseMs = databaseAtZero + sentAt + ms * share;
  clock.learn({ databaseMs, sentAt, receivedAt: host.monotonic() });
}

it('is the wall clock before it knows better, and knows of no skew', () => {
  host.step(HOUR_MS);
  expect([clock.now(), clock.skewMs]).toEqual([host.now(), undefined]);
});

it.each([-30 * DAY_MS, -2 * HOUR_MS, 0, 2 * HOUR_MS, 9 * DAY_MS])(
  'tells the time of the database on a host that is %d ms ahead',
  async (aheadMs) => {
    host.step(aheadMs);
    await roundTrip();
    await host.advance(1_000);
    expect(clock.now()).toBe(databaseAtZero + host.monotonic());
    // What may be an error of the measurement is left out of the skew.
    expect(clock.skewMs).toBe(Math.sign(aheadMs) * Math.max(0, Math.abs(aheadMs) - 5));
  },
);

it('is off by at most half of the fastest round trip', async () => {
  await roundTrip(4_000, 1);
  expect(Math.abs(clock.now() - databaseAtZero - host.monotonic())).toBeLessThanOrEqual(2_000);
  expect(clock.skewMs).toBe(0);
  await roundTrip(10, 0);
  await roundTrip(4_000, 0);
  expect(Math.abs(clock.now() - databaseAtZero - host.monotonic())).toBeLessThanOrEqual(5);
});

it('sees at once that the wall clock was stepped, and keeps the time', async () => {
  await roundTrip();
  const before = clock.now();
  host.step(9 * DAY_MS);
  expect([clock.now(), clock.skewMs]).toEqual([before, 9 * DAY_MS - 5]);
  host.step(-18 * DAY_MS);
  expect([clock.now(), clock.skewMs]).toEqual([before, -9 * DAY_MS + 5]);
  await roundTrip();
  expect([clock.databaseStepMs, clock.skewMs]).toEqual([0, -9 * DAY_MS + 5]);
  host.step(9 * DAY_MS);
  expect(clock.skewMs).toBe(0);
});

it('tells a step of the database from one of the host', async () => {
  await roundTrip();
  databaseAtZero += 9 * DAY_MS;
  await roundTrip();
  expect(clock.now()).toBe(databaseAtZero + host.monotonic());
  expect(Math.abs(clock.databaseStepMs - 9 * DAY_MS)).toBeLessThanOrEqual(10);
  expect(Math.abs((clock.skewMs ?? 0) + 9 * DAY_MS)).toBeLessThanOrEqual(10);
  databaseAtZero -= 9 * DAY_MS;
  await roundTrip();
  expect(Math.abs(clock.databaseStepMs)).toBeLessThanOrEqual(20);
  expect(clock.skewMs).toBe(0);
});

it('takes a time in which the host was suspended for no step', async () => {
  await roundTrip();
  databaseAtZero += HOUR_MS;
  host.step(HOUR_MS);
  await roundTrip();
  expect([clock.databaseStepMs, clock.skewMs]).toEqual([0, 0]);
});

it('follows two quartzes that drift apart', async () => {
  for (let hour = 0; hour < 1_000; hour++) {
    databaseAtZero += 100;
    await roundTrip();
  }
  expect(Math.abs(clock.now() - databaseAtZero - host.monotonic())).toBeLessThanOrEqual(5);
  expect(clock.databaseStepMs).toBe(0);
});
