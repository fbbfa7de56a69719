import { describe, expect, it } from 'vitest';
import { wireError } from '@millrace/protocol';
import { sessionsEnded, sessionsOpen, sessionsOpened } from './session.metrics.js';
import { ann, SessionBench } from './testing/session-bench.js';
import { Deferred } from './testing/deferred.js';

const DAY_MS = 86_400_000;

describe('SocketSession', () => {
  it('welcomes its client first, and says how long the token holds', () => {
    const bench = new SessionBench();
    const { socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 90_000 });
    const limits = { maxFrameBytes: 65_536, maxFrameDepth: 32, maxFrameNodes: 2_000 };
    const welcome = { kind: 'welcome', subject: 'ann', limits };
    expect(socket.told).toEqual([{ ...welcome, session: 'socket-1', expiresInMs: 90_000 }]);
    expect(bench.open(ann, 'b').socket.told).toEqual([{ ...welcome, session: 'b' }]);
  });

  it('asks for a fresh token in time, and ends with the old one', async () => {
    const bench = new SessionBench();
    const { session, socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 90_000 });
    await bench.clock.advance(59_999);
    expect(socket.told).toHaveLength(1);
    await bench.clock.advance(1);
    expect(socket.told[1]).toEqual({ kind: 'reauthenticate', expiresInMs: 30_000 });
    await bench.clock.advance(29_999);
    expect(session.ended.aborted).toBe(false);
    await bench.clock.advance(1);
    expect(socket.told.slice(2)).toEqual([{ kind: 'closing', error: wireError('TOKEN_EXPIRED') }]);
    expect([socket.connected, session.ended.aborted]).toEqual([false, true]);
    expect(bench.recorder.valueOf(sessionsEnded, { reason: 'token' })).toBe(1);
  });

  it('asks half-way through a token that is shorter than the lead', async () => {
    const bench = new SessionBench();
    const { socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 10_000 });
    await bench.clock.advance(4_999);
    expect(socket.told).toHaveLength(1);
    await bench.clock.advance(1);
    expect(socket.told[1]).toEqual({ kind: 'reauthenticate', expiresInMs: 5_000 });
  });

  it('lives on with a fresh token, and knows what it says', async () => {
    const bench = new SessionBench();
    const { session, socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 60_000 });
    await bench.clock.advance(30_000);
    session.renew({ subject: 'ann', principal: { name: 'Ann' }, expiresAt: bench.clock.now() + 100_000 });
    expect(session.principal).toEqual({ name: 'Ann' });
    await bench.clock.advance(69_999);
    expect(socket.told).toHaveLength(2);
    await bench.clock.advance(30_001);
    expect(socket.told.slice(2).map(({ kind }) => kind)).toEqual(['reauthenticate', 'closing']);
  });

  it('does not expire any more with a token that never does', async () => {
    const bench = new SessionBench();
    const { session, socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 60_000 });
    session.renew(ann);
    expect([bench.clock.pending, session.state]).toEqual([0, { kind: 'active' }]);
    await bench.clock.advance(DAY_MS);
    expect(socket.connected).toBe(true);
  });

  it('does not become somebody else', () => {
    const bench = new SessionBench();
    const { session } = bench.open();
    expect(() => session.renew({ principal: { name: 'bob' }, subject: 'bob' })).toThrow(
      expect.objectContaining({ code: 'PRINCIPAL_CHANGED' }),
    );
    expect(session.principal).toEqual({ name: 'ann' });
  });

  it('holds a token that lives for months', async () => {
    const bench = new SessionBench();
    const { socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 60 * DAY_MS });
    await bench.clock.advance(60 * DAY_MS - 30_001);
    expect(socket.told).toHaveLength(1);
    expect(bench.clock.pending).toBe(1);
    await bench.clock.advance(1);
    expect(socket.told[1]).toEqual({ kind: 'reauthenticate', expiresInMs: 30_000 });
    await bench.clock.advance(30_000);
    expect(socket.connected).toBe(false);
  });

  it.each([-9 * DAY_MS, 9 * DAY_MS])('counts a token down by time that passes: step of %d ms', async (stepMs) => {
    const bench = new SessionBench();
    const { socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 90_000 });
    bench.clock.step(stepMs);
    await bench.clock.advance(60_000);
    expect(socket.told[1]).toEqual({ kind: 'reauthenticate', expiresInMs: 30_000 });
    await bench.clock.advance(29_999);
    expect(socket.connected).toBe(true);
    await bench.clock.advance(1);
    expect(socket.connected).toBe(false);
  });

  it('forgets a long token with the connection', async () => {
    const bench = new SessionBench();
    const { socket } = bench.open({ ...ann, expiresAt: bench.clock.now() + 60 * DAY_MS });
    await bench.clock.advance(30 * DAY_MS);
    socket.drop('transport close');
    await bench.clock.advance(5_000);
    expect(bench.clock.pending).toBe(0);
  });

  it('is told and closed once', () => {
    const bench = new SessionBench();
    const { session, socket } = bench.open();
    session.close(wireError('DRAINING'));
    session.close(wireError('BUSY'));
    session.tell({ kind: 'draining', retryAfterMs: 1 });
    session.drain(1);
    expect(socket.told.slice(1)).toEqual([{ kind: 'closing', error: wireError('DRAINING') }]);
    expect(session.state).toEqual({ kind: 'closed', error: wireError('DRAINING') });
  });

  it('renewed after its end stays ended, without a timer', async () => {
    const bench = new SessionBench();
    const { session, socket } = bench.open();
    socket.drop('transport close');
    session.renew({ ...ann, expiresAt: bench.clock.now() + 60_000 });
    expect(session.state).toEqual({ kind: 'closed' });
    await bench.clock.advance(5_000);
    expect(bench.clock.pending).toBe(0);
  });

  it('joins and leaves rooms at once', () => {
    const { session, socket } = new SessionBench().open();
    session.join('a');
    session.join('b');
    session.leave('a');
    expect([...socket.rooms]).toEqual(['b']);
  });
});

describe('the connection below an ended session', () => {
  it('has a while to be read to the end', async () => {
    const bench = new SessionBench();
    const { session, socket } = bench.open();
    socket.conn.writeBuffer = [{ data: 'unread' }];
    session.close(wireError('DRAINING'));
    await bench.clock.advance(4_999);
    expect(socket.tcp.destroyed).toBe(false);
    await bench.clock.advance(1);
    expect(socket.tcp.destroyed).toBe(true);
  });

  it('is gone at once when nobody answers the heartbeat', () => {
    const { socket } = new SessionBench().open();
    socket.drop('ping timeout');
    expect(socket.tcp.destroyed).toBe(true);
  });

  it('stays when another namespace lives on it', async () => {
    const bench = new SessionBench();
    const { socket } = bench.open();
    socket.drop('client namespace disconnect');
    socket.conn.readyState = 'open';
    await bench.clock.advance(10_000);
    expect(socket.tcp.destroyed).toBe(false);
  });
});

describe('SessionRegistry', () => {
  it.each([
    ['client namespace disconnect', 'client'],
    ['ping timeout', 'heartbeat'],
    ['transport close', 'transport'],
    ['transport error', 'transport'],
    ['parse error', 'transport'],
    ['forced close', 'server'],
    ['forced server close', 'server'],
    ['server shutting down', 'server'],
    ['server namespace disconnect', 'server'],
  ] as const)('counts an end by "%s" as %s', (reason, counted) => {
    const bench = new SessionBench();
    const { socket } = bench.open();
    socket.drop(reason);
    expect(bench.recorder.valueOf(sessionsEnded, { reason: counted })).toBe(1);
  });

  it.each([
    ['TOKEN_EXPIRED', 'token'],
    ['DRAINING', 'drain'],
    ['BUSY', 'stalled'],
    ['FORBIDDEN', 'server'],
  ] as const)('counts an end with %s as %s', (code, counted) => {
    const bench = new SessionBench();
    bench.open().session.close(wireError(code));
    expect(bench.recorder.valueOf(sessionsEnded, { reason: counted })).toBe(1);
  });

  it('knows how many sessions there are, and removes each once', () => {
    const bench = new SessionBench();
    const { session, socket } = bench.open();
    bench.open(ann, 'b');
    expect(bench.recorder.valueOf(sessionsOpen)).toBe(2);
    socket.drop('transport close');
    bench.registry.remove(session, 'transport close');
    expect([bench.recorder.valueOf(sessionsOpen), bench.recorder.valueOf(sessionsOpened)]).toEqual([1, 2]);
    expect(bench.recorder.valueOf(sessionsEnded, { reason: 'transport' })).toBe(1);
    expect(bench.registry.all().map(({ id }) => id)).toEqual(['b']);
  });

  it('is busy while a frame is being answered, also one that fails', async () => {
    const { registry } = new SessionBench();
    const result = new Deferred<never>();
    const work = registry.track(result.promise);
    expect(registry.isBusy).toBe(true);
    result.reject(new Error('no'));
    await expect(work).rejects.toThrow('no');
    expect(registry.isBusy).toBe(false);
  });
});
