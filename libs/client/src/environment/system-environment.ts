import type { Environment } from './environment.port.js';
import { steadyClock } from './steady-clock.js';
import { onWake } from './wake.js';

/** Timers hold 31 bits of milliseconds; beyond that they fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const wall = () => Date.now();
const steady = steadyClock(wall, globalThis.performance);

/** Browsers, Node, React Native and whatever else has timers; all else is asked for by feature. */
export const systemEnvironment: Environment = {
  now: steady,
  after,
  random: () => Math.random(),
  uuid,
  onWake: (listener) => onWake(globalThis, { wall, steady }, listener),
  tabStore: () => globalThis.sessionStorage,
  report: (error) => (typeof reportError === 'function' ? reportError(error) : console.error(error)),
};

function after(delayMs: number, task: () => void): () => void {
  let timer = setTimeout(next, Math.min(delayMs, MAX_TIMER_MS), delayMs - MAX_TIMER_MS);
  function next(leftMs: number): void {
    if (leftMs <= 0) return task();
    timer = setTimeout(next, Math.min(leftMs, MAX_TIMER_MS), leftMs - MAX_TIMER_MS);
  }
  return () => clearTimeout(timer);
}

/**
 * `crypto.randomUUID` is missing on pages that came over plain HTTP; React Native has no `crypto` at all. Ids need not be
 * secret there, only different: 120 bits of `Math.random` are.
 */
function uuid(): string {
  const random: Partial<Crypto> = typeof crypto === 'undefined' ? {} : crypto;
  const bytes = new Uint8Array(16);
  if (typeof random.getRandomValues === 'function') random.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.floor(Math.random() * 256)));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  return hex.join('').replace(/^(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-4$3-8$4-');
}
