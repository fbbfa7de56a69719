import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.js';

const DAY_MS = 86_400_000;

describe('the clock of the system', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('waits longer than a timer can', () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const task = vi.fn<() => void>();
    systemClock.after(60 * DAY_MS, task);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(task).toHaveBeenCalledOnce();
    // Node fires a timer that is set for longer at once.
    expect(Math.max(...set.mock.calls.map(([, delayMs = 0]) => delayMs))).toBeLessThan(2 ** 31);
  });

  it('measures time that passed, however far its wall time is stepped', () => {
    const [wall, monotonic] = [systemClock.now(), systemClock.monotonic()];
    vi.setSystemTime(wall + 9 * DAY_MS);
    expect(systemClock.now() - wall).toBe(9 * DAY_MS);
    expect(systemClock.monotonic() - monotonic).toBe(0);
    vi.advanceTimersByTime(250);
    expect(systemClock.monotonic() - monotonic).toBe(250);
  });

  it('cancels a long wait in any part of it', () => {
    const task = vi.fn<() => void>();
    const cancel = systemClock.after(60 * DAY_MS, task);
    vi.advanceTimersByTime(30 * DAY_MS);
    cancel();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(task).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
