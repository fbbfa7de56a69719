import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { steadyClock } from './steady-clock.js';
import { onWake } from './wake.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function scene(place: object = {}) {
  const time = { wall: 0, steady: 0 };
  const woken = vi.fn<() => void>();
  const clocks = { wall: () => time.wall, steady: () => time.steady };
  const stop = onWake(place, clocks, woken);
  const pass = (wallMs: number, steadyMs = wallMs): void => {
    time.wall += wallMs;
    time.steady += steadyMs;
    vi.advanceTimersByTime(5_000);
  };
  return { woken, stop, pass };
}

it('hears the events of a worker, which has no page', () => {
  const worker = new EventTarget();
  const { woken, stop } = scene(worker);
  worker.dispatchEvent(new Event('online'));
  worker.dispatchEvent(new Event('pageshow'));
  expect(woken).toHaveBeenCalledTimes(2);
  stop();
  worker.dispatchEvent(new Event('online'));
  expect([woken.mock.calls.length, vi.getTimerCount()]).toEqual([2, 0]);
});

it.each([
  ['the device slept, and both clocks with it went on', 60_000, 60_000, 1],
  ['the device slept, and the steady clock stood still', 60_000, 5_000, 1],
  ['the wall clock is set back', -3_600_000, 5_000, 1],
  ['nothing happened', 5_000, 5_000, 0],
  ['the page was busy for a moment', 7_000, 7_000, 0],
])('looks at the clocks: %s', (_what, wallMs, steadyMs, times) => {
  const { woken, stop, pass } = scene();
  pass(5_000);
  pass(wallMs, steadyMs);
  pass(5_000);
  expect(woken).toHaveBeenCalledTimes(times);
  stop();
});

it('the time of the SDK goes on whatever is done to the wall clock, from where that stood', () => {
  let [wall, passed] = [1_000_000, 50];
  const now = steadyClock(() => wall, { now: () => passed });
  wall += 9 * 86_400_000;
  passed += 1_000;
  expect(now()).toBe(1_001_000);
  wall = 0;
  expect(now()).toBe(1_001_000);
});

it('where there is no steady clock it is the wall clock', () => {
  expect(steadyClock(() => 7, undefined)()).toBe(7);
});
