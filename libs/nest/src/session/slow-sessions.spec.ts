import { describe, expect, it } from 'vitest';
import { wireError } from '@millrace/protocol';
import { ByteAccount } from '../core/byte-account.js';
import type { Session } from './session.js';
import { sessionsEnded, sessionsLagging, sessionsShed, sessionWaitingBytes } from './session.metrics.js';
import { SlowSessions } from './slow-sessions.js';
import { SessionBench } from './testing/session-bench.js';

function scene(channels: readonly string[] = ['desk.SFO'], account = new ByteAccount(1_000_000)) {
  const bench = new SessionBench({ maxWaitingBytes: 1_000, maxStalledMs: 1_000 });
  const interrupted: Session[] = [];
  const slow = new SlowSessions({
    registry: bench.registry,
    liveFlow: {
      interrupt: (session) => {
        interrupted.push(session);
        return channels;
      },
    },
    recorder: bench.recorder,
    clock: bench.clock,
    random: () => 0.5,
    account,
  });
  return { bench, slow, interrupted, ...bench.open() };
}

const packets = (count: number, bytes: number) => Array.from({ length: count }, () => ({ data: 'x'.repeat(bytes) }));

describe('SlowSessions', () => {
  it('cuts those for whom the most waits when all together are too much for the process, and no healthy one', async () => {
    const account = new ByteAccount(2_000);
    const { bench, slow, socket } = scene([], account);
    const sockets = [socket, ...['s2', 's3', 's4', 's5'].map((id) => bench.open(undefined, id).socket)];
    slow.start();
    for (const [index, bytes] of [900, 800, 700, 30, 0].entries()) {
      const one = sockets[index];
      if (one) one.conn.writeBuffer = packets(1, bytes);
    }
    await bench.clock.advance(250);
    expect(sockets.map(({ connected }) => connected)).toEqual([false, true, true, true, true]);
    expect(socket.told.at(-1)).toMatchObject({ kind: 'closing', error: { code: 'BUSY', retryAfterMs: 500 } });
    expect(bench.recorder.valueOf(sessionsShed)).toBe(1);
    account.add('publishes', 1_000);
    await bench.clock.advance(250);
    expect(sockets.map(({ connected }) => connected)).toEqual([false, false, true, true, true]);
    await bench.clock.advance(250);
    expect(bench.recorder.valueOf(sessionsShed)).toBe(2);
  });

  it.each([-9, 9])('cuts a client that stalls at its time although the wall clock steps by %d days', async (days) => {
    const { bench, slow, socket } = scene();
    slow.start();
    socket.conn.writeBuffer = packets(1, 200);
    await bench.clock.advance(500);
    bench.clock.step(days * 86_400_000);
    await bench.clock.advance(500);
    expect(socket.connected).toBe(true);
    await bench.clock.advance(500);
    expect(socket.connected).toBe(false);
  });

  it('takes a session that reads too slowly out of the live flow and tells it once', async () => {
    const { bench, slow, interrupted, session, socket } = scene();
    slow.start();
    socket.conn.writeBuffer = packets(4, 200);
    socket.tcp.writableLength = 300;
    await bench.clock.advance(500);
    expect(interrupted).toEqual([session]);
    expect(socket.told.slice(1)).toEqual([{ kind: 'lagging', channels: ['desk.SFO'], retryAfterMs: 500 }]);
    expect(session.isBehind).toBe(true);
    expect(bench.recorder.valueOf(sessionsLagging)).toBe(1);
    expect(bench.recorder.valueOf(sessionWaitingBytes)).toBe(1_100);

    socket.conn.writeBuffer = packets(3, 200);
    socket.tcp.writableLength = 0;
    await bench.clock.advance(250);
    expect(session.isBehind).toBe(true);
    socket.conn.writeBuffer = [];
    await bench.clock.advance(250);
    expect(session.isBehind).toBe(false);
    expect(bench.recorder.valueOf(sessionWaitingBytes)).toBe(0);

    socket.conn.writeBuffer = [{ data: Buffer.alloc(1_001) }];
    await bench.clock.advance(250);
    expect(socket.told).toHaveLength(3);
    expect(bench.recorder.valueOf(sessionsLagging)).toBe(2);
    slow.stop();
  });

  it('leaves a session alone that takes a burst in time', async () => {
    const { bench, slow, interrupted, socket } = scene();
    slow.start();
    for (let look = 0; look < 20; look++) {
      socket.conn.writeBuffer = packets(2, 400);
      socket.tcp.bytesWritten += 100;
      await bench.clock.advance(250);
    }
    expect([interrupted.length, socket.connected, socket.told.length]).toEqual([0, true, 1]);
    slow.stop();
  });

  it('ends a session that takes nothing, without waiting for it to read the goodbye', async () => {
    const { bench, slow, session, socket } = scene();
    slow.start();
    socket.conn.writeBuffer = packets(1, 10);
    await bench.clock.advance(1_000);
    expect(socket.connected).toBe(true);
    await bench.clock.advance(250);
    expect([socket.connected, socket.tcp.destroyed]).toEqual([false, true]);
    expect(session.state).toEqual({ kind: 'closed', error: wireError('BUSY', { retryAfterMs: 500 }) });
    expect(socket.told.at(-1)).toMatchObject({ kind: 'closing', error: { code: 'BUSY' } });
    expect(bench.recorder.valueOf(sessionsEnded, { reason: 'stalled' })).toBe(1);
    expect(bench.registry.isEmpty).toBe(true);
    slow.stop();
  });

  it('looks no more when it was stopped, and twice started looks once', async () => {
    const { bench, slow, interrupted, socket } = scene();
    const before = bench.clock.pending;
    slow.start();
    slow.start();
    expect(bench.clock.pending).toBe(before + 1);
    await bench.clock.advance(600);
    slow.stop();
    expect(bench.clock.pending).toBe(before);
    socket.conn.writeBuffer = packets(2, 1_000);
    await bench.clock.advance(1_000);
    expect(interrupted).toEqual([]);
  });
});
