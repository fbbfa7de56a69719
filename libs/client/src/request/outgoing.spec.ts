import { errors } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, defineCommand, event, RealtimeError } from '../index.js';
import { FakeServer } from '../testing/index.js';

const record = defineCommand<unknown, void>('departure.record');
const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });
const limits = { maxFrameBytes: 1_000, maxFrameDepth: 6, maxFrameNodes: 50 };
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

function scene() {
  const server = new FakeServer({ accept: 'by-hand' });
  const client = createClient(server.options);
  client.connect();
  const letIn = async () => {
    await server.clock.advance(1_000);
    server.link.open('s');
    server.link.control({ kind: 'welcome', session: 's', subject: 'ada', limits });
    await server.settle();
  };
  return { server, client, letIn };
}

const cyclic: Record<string, unknown> = {};
cyclic['self'] = { cyclic };
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
let deepest: unknown = 1;
for (let level = 0; level < 100_000; level++) deepest = [deepest];

describe('data that is not JSON', () => {
  it.each<[string, unknown, string]>([
    ['a BigInt', { n: 1n }, 'n'],
    ['a cycle', cyclic, 'self.cyclic'],
    ['NaN', { list: [1, Number.NaN] }, 'list.1'],
    ['an invalid date', { at: new Date(Number.NaN) }, 'at'],
    ['a Map', { a: { map: new Map() } }, 'a.map'],
    ['an Error', new Error('x'), ''],
    ['a Blob', { file: new Blob(['x']) }, 'file'],
    ['bytes', { file: new Uint8Array(3) }, 'file'],
    ['a Buffer', Buffer.from('x'), ''],
    ['a function', { f: () => 1 }, 'f'],
    ['a key __proto__', JSON.parse('{"__proto__":{"a":1}}'), '__proto__'],
    ['a key constructor', { constructor: 1 }, 'constructor'],
  ])('is refused at once, and the place is named: %s', async (_name, data, field) => {
    const { server, client, letIn } = scene();
    await letIn();
    const error = await failure(client.send(record, data));
    expect(error).toBeInstanceOf(RealtimeError);
    expect(error).toMatchObject({
      code: 'COMMAND_INVALID',
      outcome: 'not-applied',
      retry: 'never',
      details: [{ field }],
    });
    expect((error as Error).message).toContain(field);
    expect(server.link.requests).toEqual([]);
  });

  it('is refused with what a toJSON threw, and when nothing can follow it', async () => {
    const { client } = scene();
    const cause = new Error('mine');
    const toJSON = () => {
      throw cause;
    };
    expect(await failure(client.send(record, { a: { toJSON } }))).toMatchObject({ code: 'COMMAND_INVALID', cause });
    expect(await failure(client.send(record, deepest))).toBeInstanceOf(RealtimeError);
  });

  it('is told from data that is: a copy of that is sent, as it was when it was given', async () => {
    const { server, client, letIn } = scene();
    const data = { at: new Date(0), list: [1] };
    void client.send(record, data);
    void client.send(record, undefined);
    data.list.push(2);
    await letIn();
    expect(server.expectCommand().body.data).toEqual({ at: '1970-01-01T00:00:00.000Z', list: [1] });
    expect(server.expectCommand().body).not.toHaveProperty('data');
  });
});

describe('a command that the server would not take', () => {
  const tooMuch: [string, unknown, string][] = [
    ['too large', 'x'.repeat(1_000), 'COMMAND_TOO_LARGE'],
    ['too large in bytes', '€'.repeat(320), 'COMMAND_TOO_LARGE'],
    ['too deep', nested(6), 'FRAME_TOO_COMPLEX'],
    ['too full', Array.from({ length: 50 }, () => 0), 'FRAME_TOO_COMPLEX'],
  ];

  it.each(tooMuch)('is refused before it is sent: %s', async (_name, data, code) => {
    const { server, client, letIn } = scene();
    await letIn();
    const wanted = {
      name: 'RealtimeError',
      code,
      outcome: 'not-applied',
      retry: errors[code as 'FRAME_TOO_COMPLEX'].retry,
    };
    expect(await failure(client.send(record, data))).toMatchObject(wanted);
    expect([client.state.kind, server.link.requests]).toEqual(['connected', []]);
  });

  it.each(tooMuch)('is refused when the first welcome has told the bounds: %s', async (_name, data, code) => {
    const { server, client, letIn } = scene();
    const failed = failure(client.send(record, data));
    await letIn();
    expect(await failed).toMatchObject({ code, outcome: 'not-applied' });
    expect(server.link.requests).toEqual([]);
  });

  it('is told from one that it takes', async () => {
    const { server, client, letIn } = scene();
    await letIn();
    for (const data of ['x'.repeat(800), '€'.repeat(250), nested(4), Array.from({ length: 40 }, () => 0)]) {
      void client.send(record, data);
      expect(server.expectCommand().body.data).toEqual(data);
    }
  });
});

describe('a page of history', () => {
  it.each([0, 1_001, 1.5, Number.NaN])('is not asked for with a limit of %d', async (limit) => {
    const error = await failure(scene().client.history(desk, { airport: 'SFO' }, { limit }));
    expect(error).toMatchObject({ name: 'RealtimeError', code: 'FRAME_INVALID', outcome: 'not-applied' });
  });

  it.each(['', 'a.b', 'a b', undefined])('is not asked for of a channel with the parameter %j', async (airport) => {
    const error = await failure(scene().client.history(desk, { airport: airport as string }));
    expect(error).toMatchObject({ name: 'RealtimeError', code: 'CHANNEL_INVALID', outcome: 'not-applied' });
  });
});
