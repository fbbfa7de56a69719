import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FeedChild } from './feed-child.js';
import { FeedSupervisor } from './feed-supervisor.js';

class FakeChild implements FeedChild {
  readonly signals: string[] = [];
  exit: (code: number | undefined) => void = () => {};

  onExit(listener: (code: number | undefined) => void): void {
    this.exit = listener;
  }

  kill(signal: string): void {
    this.signals.push(signal);
  }
}

let children: FakeChild[];
let said: string[];
let supervisor: FeedSupervisor;
const newest = (): FakeChild => children.at(-1) as FakeChild;

beforeEach(() => {
  vi.useFakeTimers();
  children = [];
  said = [];
  supervisor = new FeedSupervisor(
    () => {
      const child = new FakeChild();
      children.push(child);
      return child;
    },
    (line) => said.push(line),
  );
  supervisor.start();
});

afterEach(() => {
  const left = vi.getTimerCount();
  vi.useRealTimers();
  if (left > 0) throw new Error(`${left} timers are left`);
});

it('starts one feed, however often it is asked', () => {
  supervisor.start();
  expect(children).toHaveLength(1);
});

it('leaves a feed that is done alone', () => {
  newest().exit(0);
  vi.advanceTimersByTime(600_000);
  expect(children).toHaveLength(1);
  expect(said).toEqual([]);
});

it('starts a feed that died again, after pauses that grow up to a bound', async () => {
  const pauses: number[] = [];
  for (let died = 1; died <= 7; died++) {
    newest().exit(died % 2 ? 1 : undefined);
    const before = performance.now();
    vi.advanceTimersToNextTimer();
    pauses.push(performance.now() - before);
    expect(children).toHaveLength(died + 1);
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(said.slice(0, 2)).toEqual([
    'The feed ended (exit code 1); starting it again in 1 s',
    'The feed ended (killed); starting it again in 2 s',
  ]);
});

it('begins with the shortest pause again after a feed that had lasted', () => {
  newest().exit(1);
  vi.advanceTimersByTime(1_000);
  vi.advanceTimersByTime(60_000);
  newest().exit(1);
  vi.advanceTimersByTime(1_000);
  expect(children).toHaveLength(3);
});

it('ends the feed and waits for that', async () => {
  const stopped = vi.fn<() => void>();
  const stopping = supervisor.stop().then(stopped);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(newest().signals).toEqual(['SIGTERM']);
  expect(stopped).not.toHaveBeenCalled();
  newest().exit(undefined);
  await stopping;
  expect(children).toHaveLength(1);
  expect(said).toEqual([]);
});

it('kills a feed that does not end', async () => {
  const stopping = supervisor.stop();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(newest().signals).toEqual(['SIGTERM', 'SIGKILL']);
  newest().exit(undefined);
  await stopping;
});

it('starts nothing after the stop', async () => {
  newest().exit(1);
  await supervisor.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  supervisor.start();
  expect(children).toHaveLength(1);
});
