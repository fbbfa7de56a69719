import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BootError } from '../../core/boot-error.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import { unavailable } from '../stream-errors.js';
import { DatabaseWait } from './database-wait.js';

const refused = () => unavailable(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
const wrongPassword = () =>
  unavailable(Object.assign(new Error('password authentication failed'), { severity: 'FATAL', code: '28P01' }));

let clock: FakeClock;
let warn: ReturnType<typeof vi.spyOn>;
let log: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  clock = new FakeClock();
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

const waitFor = (timeoutMs = 120_000) => new DatabaseWait({ timeoutMs, clock, random: () => 0.5 });

/** What it came to by now. */
function watched<T>(promise: Promise<T>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: 'waiting' };
  promise.then(
    (value) => (seen.outcome = value),
    (error: unknown) => (seen.outcome = error),
  );
  return seen;
}

describe('the start of a process', () => {
  it('goes through at once, and silently, where the database is there', async () => {
    expect(await waitFor().until(() => Promise.resolve(7))).toBe(7);
    expect(warn).not.toHaveBeenCalled();
    expect(log).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  it('waits, says what for every ten seconds, and continues when the database is there', async () => {
    let tries = 0;
    const comesAt = clock.monotonic() + 35_000;
    const step = () => (tries++, clock.monotonic() < comesAt ? Promise.reject(refused()) : Promise.resolve('there'));
    const seen = watched(waitFor().until(step));
    await clock.advance(34_000);
    expect(seen.outcome).toBe('waiting');
    await clock.advance(3_000);
    expect(seen.outcome).toBe('there');
    expect(warn).toHaveBeenCalledTimes(4);
    expect(warn.mock.calls[0]?.[0]).toBe(
      'Waiting for the database (connect ECONNREFUSED): the start is tried again for up to 120 s',
    );
    expect(log).toHaveBeenCalledOnce();
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(60);
  });

  it('fails at once for what no waiting mends', async () => {
    const failing = waitFor().until(() => Promise.reject(wrongPassword()));
    await expect(failing).rejects.toThrow(BootError);
    await expect(failing).rejects.toThrow('password authentication failed');
    expect(warn).not.toHaveBeenCalled();
  });

  it('fails at once when waiting shows that it is the password', async () => {
    let tries = 0;
    const seen = watched(waitFor().until(() => Promise.reject(tries++ < 3 ? refused() : wrongPassword())));
    await clock.advance(5_000);
    expect(String(seen.outcome)).toContain('password authentication failed');
  });

  it('fails after its time, over all steps together, and says what it waited for', async () => {
    const wait = waitFor(20_000);
    const comesAt = clock.monotonic() + 15_000;
    const first = watched(
      wait.until(() => (clock.monotonic() < comesAt ? Promise.reject(refused()) : Promise.resolve('there'))),
    );
    await clock.advance(17_000);
    expect(first.outcome).toBe('there');
    const second = watched(wait.until(() => Promise.reject(refused())));
    await clock.advance(2_000);
    expect(second.outcome).toBe('waiting');
    await clock.advance(2_000);
    expect(second.outcome).toBeInstanceOf(BootError);
    expect(String(second.outcome)).toMatch(/was not there within 20 s of the start \(connect ECONNREFUSED\)/);
  });

  it('does not wait where it is told not to', async () => {
    await expect(waitFor(0).until(() => Promise.reject(refused()))).rejects.toThrow('was not there within 0 s');
  });

  it('gives a step up on which nothing comes back, and repeats it', async () => {
    let tries = 0;
    const seen = watched(waitFor().until(() => (tries++ === 0 ? new Promise(() => {}) : Promise.resolve('there'))));
    await clock.advance(29_000);
    expect(seen.outcome).toBe('waiting');
    await clock.advance(2_000);
    expect(seen.outcome).toBe('there');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['between two tries', () => Promise.reject(refused())],
    ['in a try', () => new Promise(() => {})],
  ])('ends %s when the process is stopped, and not before all is closed', async (_when, step) => {
    const wait = waitFor();
    let tries = 0;
    const seen = watched(wait.until(() => (tries++, step())));
    await clock.advance(1_000);
    wait.halt();
    const before = tries;
    await clock.advance(60_000);
    expect([seen.outcome, tries]).toEqual(['waiting', before]);
    wait.end();
    await clock.advance(0);
    expect(seen.outcome).toBeInstanceOf(BootError);
    expect(clock.pending).toBe(0);
  });

  it('has a process of its own that waits, and does not end for want of work', async () => {
    const seen = watched(waitFor().until(() => Promise.reject(refused())));
    await clock.advance(0);
    expect(process.getActiveResourcesInfo()).toContain('Timeout');
    expect(seen.outcome).toBe('waiting');
  });
});
