import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wireError, type Answer } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { settled } from '../core/testing/fake-clock.js';
import { CodedAnswer } from './coded-answer.js';
import { FrameDispatcher } from './frame-dispatcher.js';
import type { FrameRoute } from './frame-route.js';
import { framesRefused } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';
import { SessionBench } from './testing/session-bench.js';
import { Deferred } from './testing/deferred.js';

let logged: unknown[];

beforeEach(() => {
  logged = [];
  vi.spyOn(Logger.prototype, 'error').mockImplementation((entry: unknown) => void logged.push(entry));
});
afterEach(() => vi.restoreAllMocks());

const route = (name: string, handle: FrameRoute['handle'], more: Partial<FrameRoute> = {}): FrameRoute => ({
  name,
  handle,
  ...more,
});

const echo = route('echo', (_, body) => Promise.resolve({ body }));
const urgent = route('urgent', () => Promise.resolve({}), { isUrgent: true });

function scene(routes: readonly FrameRoute[] = [echo, urgent], options: Partial<SessionOptions> = {}) {
  const bench = new SessionBench(options);
  const answers = new CodedAnswer({ next: () => 'error-1' });
  const { registry, recorder } = bench;
  const dispatcher = new FrameDispatcher(routes, {
    registry,
    answers,
    recorder,
    rates: { take: () => {} },
    options: bench.options,
  });
  const { session, socket } = bench.open();
  dispatcher.attach(session);
  const send = async (name: string, body?: unknown): Promise<Answer[]> => {
    const got: Answer[] = [];
    socket.receive(name, body, (answer: Answer) => void got.push(answer));
    await settled();
    return got;
  };
  const refused = (reason: (typeof framesRefused.labels.reason)[number]): number =>
    bench.recorder.valueOf(framesRefused, { reason });
  return { bench, dispatcher, session, socket, send, refused };
}

const failed = (code: Parameters<typeof wireError>[0], more = {}) => [{ ok: false, error: wireError(code, more) }];

describe('FrameDispatcher', () => {
  it('answers a frame once with what its route says', async () => {
    expect(await scene().send('echo', { a: 1 })).toEqual([{ ok: true, body: { a: 1 } }]);
  });

  it('hands a frame without a body on as such', async () => {
    const { socket } = scene();
    const got: unknown[] = [];
    socket.receive('echo', (answer: unknown) => got.push(answer));
    await settled();
    expect(got).toEqual([{ ok: true, body: undefined }]);
  });

  it('counts a frame that asks for no answer, and does nothing else', async () => {
    let handled = 0;
    const { socket, refused } = scene([route('echo', () => Promise.resolve({ handled: ++handled }))]);
    socket.receive('echo', { a: 1 });
    socket.receive('echo');
    await settled();
    expect([handled, refused('no-ack')]).toEqual([0, 2]);
  });

  it.each(['nope', 'constructor', '__proto__', 'disconnect', ''])('refuses the unknown frame "%s"', async (name) => {
    const { send, refused } = scene();
    expect(await send(name, {})).toEqual(failed('FRAME_INVALID'));
    expect(refused('unknown')).toBe(1);
  });

  it('lets no route say that it failed and succeeded at once', async () => {
    const { send } = scene([route('odd', () => Promise.resolve({ ok: false, a: 1 }))]);
    expect(await send('odd')).toEqual([{ ok: true, a: 1 }]);
  });

  describe('bounds', () => {
    it('refuses 6,000 nested arrays without walking into them', async () => {
      let nested: unknown = [];
      for (let depth = 0; depth < 6_000; depth++) nested = [nested];
      const { send, refused } = scene();
      expect(await send('echo', nested)).toEqual(failed('FRAME_TOO_COMPLEX'));
      expect(refused('complexity')).toBe(1);
    });

    it('refuses more values than a frame may have, however flat', async () => {
      const { send } = scene([echo], { maxFrameNodes: 100 });
      expect(await send('echo', Array(100).fill(0))).toEqual(failed('FRAME_TOO_COMPLEX'));
      expect(await send('echo', Array(99).fill(0))).toMatchObject([{ ok: true }]);
    });

    it.each([
      ['{"data":{"a":[{"__proto__":{"admin":true}}]}}', 'data.a.0.__proto__'],
      ['{"constructor":{"prototype":{"admin":true}}}', 'constructor'],
    ])('refuses a key that libraries drop without a word: %s', async (text, field) => {
      const { send, refused } = scene();
      const details = [{ field, rules: { json: 'a key that is not allowed' } }];
      expect(await send('echo', JSON.parse(text))).toEqual(failed('FRAME_INVALID', { details }));
      expect(refused('key')).toBe(1);
      expect(await send('echo', { a: '__proto__', list: ['constructor'], toString: 1 })).toMatchObject([{ ok: true }]);
    });

    it('says of a refused request that has an outcome that it was not applied', async () => {
      const { send, session } = scene([route('act', () => Promise.resolve({}), { hasOutcome: true }), echo]);
      const body: unknown = JSON.parse('{"__proto__":1}');
      session.drain(1_000);
      for (const answers of [await send('act', {}), await send('act', body)]) {
        expect(answers).toMatchObject([{ ok: false, error: { outcome: 'not-applied' } }]);
      }
      expect(await send('echo')).toEqual(failed('DRAINING'));
    });
  });

  describe('a session that leaves', () => {
    it('gets no new frames through while it drains, but the urgent ones', async () => {
      const { session, send, refused } = scene();
      session.drain(5);
      expect(await send('echo')).toEqual(failed('DRAINING'));
      expect(await send('urgent')).toEqual([{ ok: true }]);
      expect(refused('draining')).toBe(1);
    });

    it('gets the answers of frames that were under way when the drain began', async () => {
      const result = new Deferred<object>();
      const { bench, session, socket } = scene([route('slow', () => result.promise)]);
      const got: unknown[] = [];
      socket.receive('slow', {}, (answer: unknown) => got.push(answer));
      await settled();
      session.drain(5);
      expect(bench.registry.isBusy).toBe(true);
      result.resolve({ done: true });
      await settled();
      expect([got, bench.registry.isBusy]).toEqual([[{ ok: true, done: true }], false]);
    });

    it('gets no more answers piled up while it does not read, but the urgent ones', async () => {
      const { socket, send, refused } = scene([echo, urgent], { maxWaitingBytes: 100 });
      socket.conn.writeBuffer = [{ data: 'x'.repeat(101) }];
      expect(await send('echo')).toEqual(failed('BUSY', { retryAfterMs: 500 }));
      expect(await send('urgent')).toEqual([{ ok: true }]);
      expect(refused('lagging')).toBe(1);
      socket.conn.writeBuffer = [];
      expect(await send('echo')).toMatchObject([{ ok: true }]);
    });
  });

  describe('a session that stops to read while many large answers become ready at once', () => {
    async function answered(more: Partial<FrameRoute>) {
      const ready = new Deferred<object>();
      const { socket, refused } = scene([route('page', () => ready.promise, more)], { maxWaitingBytes: 250 });
      const answers: Answer[] = [];
      for (let n = 0; n < 10; n++) {
        socket.receive('page', n, (answer: Answer) => {
          answers.push(answer);
          socket.conn.writeBuffer.push({ data: 'x'.repeat(answer.ok ? 100 : 1) });
        });
      }
      ready.resolve({ events: [] });
      await settled();
      return { answers, refused };
    }

    it('gets those that fit, and is told to ask again for the others', async () => {
      const withheld: unknown[] = [];
      const { answers, refused } = await answered({ withhold: (_, body) => void withheld.push(body) });
      expect(answers.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => ({ ok: true, events: [] })));
      expect(answers.slice(3)).toEqual(Array.from({ length: 7 }, () => failed('BUSY', { retryAfterMs: 500 })[0]));
      expect(withheld).toEqual([3, 4, 5, 6, 7, 8, 9]);
      expect(refused('lagging')).toBe(7);
    });

    it('gets all of those that cannot be asked for again', async () => {
      expect((await answered({})).answers).toEqual(Array.from({ length: 10 }, () => ({ ok: true, events: [] })));
    });
  });

  describe('a route that fails', () => {
    it.each([
      ['with a code', () => Promise.reject(new CodedError('FORBIDDEN')), failed('FORBIDDEN'), 0],
      [
        'before it returns',
        () => {
          throw new CodedError('FRAME_INVALID');
        },
        failed('FRAME_INVALID'),
        0,
      ],
      [
        'with an error of the inside',
        () => Promise.reject(new Error('secret')),
        failed('INTERNAL', { errorId: 'error-1' }),
        1,
      ],
      ['with nothing', () => Promise.reject(undefined), failed('INTERNAL', { errorId: 'error-1' }), 1],
      ['with text', () => Promise.reject('secret'), failed('INTERNAL', { errorId: 'error-1' }), 1],
    ] as const)('%s is answered once', async (_, handle, answer, logs) => {
      const got = await scene([route('bad', handle)]).send('bad');
      expect(got).toEqual(answer);
      expect(JSON.stringify(got)).not.toContain('secret');
      expect(logged).toHaveLength(logs);
    });

    it('by never answering keeps the session busy, and nothing else', async () => {
      const { bench, send } = scene([route('hang', () => new Promise(() => {})), echo]);
      expect(await send('hang')).toEqual([]);
      expect(bench.registry.isBusy).toBe(true);
      expect(await send('echo')).toMatchObject([{ ok: true }]);
    });
  });

  describe('an answer that cannot be sent', () => {
    it('because it cannot be encoded is followed by one that can', async () => {
      const { socket } = scene([route('odd', () => Promise.resolve({ big: 1n }))]);
      const sent: string[] = [];
      socket.receive('odd', {}, (answer: Answer) => sent.push(JSON.stringify(answer)));
      await settled();
      expect(sent.map((text) => JSON.parse(text) as Answer)).toEqual(failed('INTERNAL', { errorId: 'error-1' }));
      expect(logged).toHaveLength(1);
    });

    it('at all does not end the process', async () => {
      const { socket, send } = scene();
      socket.receive('echo', {}, () => {
        throw new Error('broken pipe');
      });
      await settled();
      expect(logged).toHaveLength(2);
      expect(await send('echo')).toMatchObject([{ ok: true }]);
    });
  });

  it('lets every route let go of an ended session, also after one that failed', () => {
    const released: unknown[] = [];
    const bad = (): void => {
      throw new Error('no');
    };
    const { dispatcher, session } = scene([
      { ...urgent, release: bad },
      { ...echo, release: (one) => void released.push(one) },
    ]);
    dispatcher.release(session);
    expect(released).toEqual([session]);
    expect(logged).toHaveLength(1);
  });
});
