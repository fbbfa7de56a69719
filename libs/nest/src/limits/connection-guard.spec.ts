import { EventEmitter } from 'node:events';
import type { WireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { MemoryRecorder } from '../stream/testing/memory-recorder.js';
import { ConnectionGuards } from './connection-guards.js';
import type { GuardedConnection } from './guarded-connection.js';
import { limitsRefused } from './limits.metrics.js';

const FRAME = '2/realtime,7["command",{}]';

/** A guarded connection, what reaches Socket.IO, and what is sent. */
function scene({ framesPerSecond = 10, frameBurst = 20, hasSession = true } = {}) {
  const clock = new FakeClock();
  const recorder = new MemoryRecorder();
  const seen: unknown[] = [];
  const sent: string[] = [];
  const ends: string[] = [];
  const websocket = Object.assign(new EventEmitter(), { pause: () => void ends.push('pause') });
  const emitter = new EventEmitter();
  const socket = Object.assign(new EventEmitter(), { destroyed: false, destroy: () => ends.push('destroy') });
  const connection = Object.assign(emitter, {
    request: { socket },
    transport: { socket: websocket },
    write: (packet: string) => sent.push(packet),
    close: () => ends.push('close'),
  }) as unknown as GuardedConnection;
  emitter.on('data', (data) => seen.push(data));
  const guards = new ConnectionGuards({
    clock,
    recorder,
    options: { framesPerSecond, frameBurst, authenticateTimeoutMs: 5_000 },
  });
  const strangers: string[] = [];
  guards.watch(connection, () => strangers.push('cut'));
  const cuts: WireError[] = [];
  const enter = () => guards.enter(connection, { cut: (error) => cuts.push(error) });
  const leave = hasSession ? enter() : () => {};
  const receive = (data: unknown, times = 1): void => {
    for (let n = 0; n < times; n++) {
      connection.emit('packet', { type: 'message', data });
      connection.emit('data', data);
    }
  };
  const refused = (limit: 'frames' | 'flood'): number => recorder.valueOf(limitsRefused, { limit });
  return { clock, connection, websocket, socket, seen, sent, ends, cuts, strangers, enter, leave, receive, refused };
}

describe('frames on one connection', () => {
  it('above the rate are answered without being read, and say when a second’s worth may come', async () => {
    const { seen, sent, receive, refused, clock } = scene();
    receive(FRAME, 21);
    expect(seen).toHaveLength(20);
    expect(sent).toHaveLength(1);
    const [, answer] = /^3\/realtime,7(.*)$/.exec(sent[0] ?? '') ?? [];
    expect(JSON.parse(answer ?? '')).toMatchObject([
      { ok: false, error: { code: 'RATE_LIMITED', retry: 'backoff', retryAfterMs: 1_000, outcome: 'not-applied' } },
    ]);
    expect(refused('frames')).toBe(1);
    await clock.advance(1_000);
    receive(FRAME, 11);
    expect([seen.length, sent.length]).toEqual([30, 2]);
  });

  it('say nothing of an outcome when they are no commands', () => {
    const { sent, receive } = scene({ frameBurst: 1 });
    receive('2/realtime,8["subscribe",{}]', 2);
    expect(sent.join()).not.toContain('outcome');
  });

  it.each([
    ['have no acknowledgement', '2/realtime,["command",{}]'],
    ['answer what nobody asked', '3/realtime,1[{}]'],
  ])('count when they %s, and nobody answers those', (_what, data) => {
    const { seen, sent, receive, refused } = scene();
    receive(data, 30);
    expect([seen.length, sent.length, refused('frames')]).toEqual([20, 0, 10]);
  });

  it('are counted over all sessions of the connection', () => {
    const { seen, receive, enter, leave } = scene();
    leave();
    for (let round = 0; round < 40; round++) {
      receive('0/realtime,{}');
      const left = enter();
      receive(FRAME, 20);
      receive('1/realtime,');
      left();
    }
    expect(seen.filter((data) => data === FRAME).length).toBeLessThan(20);
  });

  it.each([-9_000_000_000, 9_000_000_000])('do not get more or less with a step of the wall clock of %d ms', (step) => {
    const { seen, receive, clock } = scene();
    receive(FRAME, 20);
    clock.step(step);
    receive(FRAME, 5);
    expect(seen).toHaveLength(20);
  });

  it('of an application that takes many are heard in proportion', () => {
    const { receive, ends, seen } = scene({ framesPerSecond: 1_000, frameBurst: 10_000 });
    receive(FRAME, 50_000);
    expect([ends, seen.length]).toEqual([[], 10_000]);
  });
});

describe('a flooder', () => {
  type Scene = ReturnType<typeof scene>;
  const floods: readonly (readonly [string, (one: Scene) => void])[] = [
    ['frames', ({ receive }) => receive(FRAME, 1_100)],
    ['frames without acknowledgement', ({ receive }) => receive('2/realtime,["x"]', 1_100)],
    ['frames for a namespace that does not exist', ({ receive }) => receive('2/nowhere,1["x"]', 1_100)],
    ['nonsense', ({ receive }) => receive('x', 1_100)],
    ['empty messages', ({ receive }) => receive('', 1_100)],
    ['binary data', ({ receive }) => receive(Buffer.from('x'), 21)],
    ['announcements of binary data', ({ receive }) => receive('51-/realtime,1["command",{}]', 21)],
    ['requests for namespaces', ({ receive }) => receive('0/nowhere,', 51)],
    ['sessions, one after the other', ({ receive }) => receive('0/realtime,{}', 51)],
    ['heartbeats', ({ connection }) => repeat(1_100, () => connection.emit('packet', { type: 'pong' }))],
    ['packets that mean nothing', ({ connection }) => repeat(1_100, () => connection.emit('packet', { type: 'noop' }))],
    ['pings of its websocket', ({ websocket }) => repeat(1_100, () => websocket.emit('ping'))],
    ['pongs of its websocket', ({ websocket }) => repeat(1_100, () => websocket.emit('pong'))],
  ];

  it.each(floods)('is cut for %s, and is told why', async (_what, flood) => {
    const one = scene();
    flood(one);
    expect(one.cuts).toMatchObject([{ code: 'RATE_LIMITED', retry: 'backoff', retryAfterMs: 10_000 }]);
    expect([one.refused('flood'), one.ends]).toEqual([1, ['pause', 'close']]);
    const { length } = one.seen;
    flood(one);
    expect([one.seen.length, one.cuts.length]).toEqual([length, 1]);
    await one.clock.advance(500);
    expect(one.ends).toEqual(['pause', 'close', 'destroy']);
  });

  it.each(floods)(
    'without a session is cut for %s, and told what one who waits to be let in understands',
    (_w, flood) => {
      const one = scene({ hasSession: false });
      flood(one);
      expect(one.strangers).toEqual(['cut']);
      expect(one.sent.at(-1)).toMatch(/^4\/realtime,\{"message":.*"code":"RATE_LIMITED".*"retryAfterMs":10000/);
      expect(one.ends).toEqual(['pause', 'close']);
    },
  );

  it('is one who goes on, not one who sends much at times', async () => {
    const { receive, ends, clock } = scene();
    for (let minute = 0; minute < 100; minute++) {
      receive(FRAME, 199);
      await clock.advance(1_000);
    }
    receive('0/realtime,{}', 20);
    await clock.advance(60_000);
    receive('0/realtime,{}', 40);
    expect(ends).toEqual([]);
  });

  it('keeps no timer', () => {
    const { connection, socket, leave, clock } = scene();
    leave();
    connection.emit('close');
    socket.emit('close');
    expect(clock.pending).toBe(0);
  });
});

describe('a connection whose session has left it', () => {
  it('ends after a while', async () => {
    const { leave, ends, clock } = scene();
    leave();
    await clock.advance(9_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual(['close']);
    await clock.advance(500);
    expect(ends).toEqual(['close', 'destroy']);
  });

  it('stays for the next one', async () => {
    const { leave, enter, ends, clock } = scene();
    leave();
    await clock.advance(9_999);
    enter();
    await clock.advance(60_000);
    expect(ends).toEqual([]);
  });
});

describe('a connection that is closed', () => {
  it('is gone when its client has had time to read and to agree', async () => {
    const { connection, ends, clock } = scene();
    connection.emit('close');
    await clock.advance(4_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual(['destroy']);
  });

  it.each(['message', 'ping', 'pong'])('is gone at once when its client floods on: %s', (event) => {
    const { connection, websocket, ends } = scene();
    connection.emit('close');
    repeat(300, () => websocket.emit(event));
    expect(ends).toEqual([]);
    websocket.emit(event);
    expect(ends).toEqual(['destroy']);
  });
});

function repeat(times: number, task: () => void): void {
  for (let n = 0; n < times; n++) task();
}
