import { describe, expect, it } from 'vitest';
import { sessionsEnded } from './session.metrics.js';
import { SessionDrain } from './session-drain.js';
import { ann, SessionBench } from './testing/session-bench.js';
import { Deferred } from './testing/deferred.js';

function scene() {
  const bench = new SessionBench({ drainSpreadMs: 1_000, drainTimeoutMs: 2_000 });
  const refusing: (() => number)[] = [];
  let draw = 0;
  const random = (): number => [0.1, 0.9, 0.5, 0.2][draw++ % 4] ?? 0;
  const gateway = { drain: (delayMs: () => number) => void refusing.push(delayMs) };
  const { registry, options, clock } = bench;
  const drain = new SessionDrain({ gateway, registry, options, clock, random });
  let finished = false;
  const run = (): void => void drain.drain().then(() => (finished = true));
  return { bench, drain, refusing, run, isFinished: () => finished };
}

describe('SessionDrain', () => {
  it('refuses new sessions, then gives each of the others a time of its own', () => {
    const { bench, drain, refusing, run } = scene();
    const sockets = ['a', 'b'].map((id) => bench.open(ann, id).socket);
    expect(drain.started).toBe(false);
    run();
    expect([drain.started, refusing.length]).toEqual([true, 1]);
    expect(sockets.map(({ told }) => told.at(-1))).toEqual([
      { kind: 'draining', retryAfterMs: 80 },
      { kind: 'draining', retryAfterMs: 720 },
    ]);
    expect(refusing[0]?.()).toBe(400);
  });

  it('leaves time to go for who has to wait longest', () => {
    const bench = new SessionBench({ drainSpreadMs: 1_000, drainTimeoutMs: 2_000 });
    const { socket } = bench.open();
    const { registry, options, clock } = bench;
    void new SessionDrain({ gateway: { drain: () => {} }, registry, options, clock, random: () => 0.999 }).drain();
    expect(socket.told.at(-1)).toEqual({ kind: 'draining', retryAfterMs: 799 });
  });

  it('is done as soon as all have left', async () => {
    const { bench, run, isFinished } = scene();
    const { socket } = bench.open();
    run();
    await bench.clock.advance(200);
    expect(isFinished()).toBe(false);
    socket.drop('client namespace disconnect');
    await bench.clock.advance(20);
    expect(isFinished()).toBe(true);
  });

  it('closes who stays beyond the spread, and says why and when to come back', async () => {
    const { bench, run, isFinished } = scene();
    const { socket } = bench.open();
    run();
    await bench.clock.advance(980);
    expect(socket.connected).toBe(true);
    await bench.clock.advance(20);
    expect([socket.connected, isFinished()]).toEqual([false, true]);
    expect(socket.told.at(-1)).toMatchObject({ kind: 'closing', error: { code: 'DRAINING', retryAfterMs: 720 } });
    expect(bench.recorder.valueOf(sessionsEnded, { reason: 'drain' })).toBe(1);
  });

  it.each([-9, 9])('takes as long as it may although the wall clock is stepped by %d days', async (days) => {
    const { bench, run } = scene();
    const { socket } = bench.open();
    run();
    await bench.clock.advance(500);
    bench.clock.step(days * 86_400_000);
    await bench.clock.advance(480);
    expect(socket.connected).toBe(true);
    await bench.clock.advance(20);
    expect(socket.connected).toBe(false);
  });

  it('waits for frames in flight', async () => {
    const { bench, run, isFinished } = scene();
    const { socket } = bench.open();
    const result = new Deferred<void>();
    void bench.registry.track(result.promise);
    run();
    await bench.clock.advance(2_500);
    expect([socket.connected, isFinished()]).toEqual([true, false]);
    result.resolve();
    await bench.clock.advance(20);
    expect([socket.connected, isFinished()]).toEqual([false, true]);
  });

  it('does not wait for ever for a frame that is never answered', async () => {
    const { bench, run, isFinished } = scene();
    const { socket } = bench.open();
    void bench.registry.track(new Promise(() => {}));
    run();
    await bench.clock.advance(2_980);
    expect([socket.connected, isFinished()]).toEqual([true, false]);
    await bench.clock.advance(20);
    expect([socket.connected, isFinished()]).toEqual([false, true]);
  });

  it('asked twice drains once, and both wait for its end', async () => {
    const { bench, drain, run, isFinished } = scene();
    const { socket } = bench.open();
    const first = drain.drain();
    expect(drain.drain()).toBe(first);
    run();
    await bench.clock.advance(500);
    expect([isFinished(), socket.told.filter(({ kind }) => kind === 'draining').length]).toEqual([false, 1]);
    await bench.clock.advance(500);
    expect(isFinished()).toBe(true);
  });

  it('of an empty node takes no time', async () => {
    const { bench, run, isFinished } = scene();
    run();
    await bench.clock.advance(0);
    expect([isFinished(), bench.clock.pending]).toEqual([true, 0]);
  });
});
