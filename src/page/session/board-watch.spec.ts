import { createClient, type Client } from '@millrace/client';
import { FakeLog, FakeServer } from '@millrace/client/testing';
import { wireError } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Departure } from '../../contracts/desk.contract.js';
import { BoardWatch } from './board-watch.js';

const departure = (entry: number): Departure => ({
  id: entry,
  entry,
  origin: 'SFO',
  destination: 'LAX',
  departedAt: '2001-01-01T08:00',
  delayMinutes: 0,
  distanceMiles: 337,
});

let server: FakeServer;
let client: Client;
let log: FakeLog;
let watch: BoardWatch;
let told: string[];

/** A server with three departures, and a page that has just opened the board. */
beforeEach(async () => {
  server = new FakeServer();
  client = createClient(server.options);
  log = new FakeLog('desk.SFO');
  told = [];
  for (const entry of [1, 2, 3]) log.publish('departure.recorded', departure(entry));
  watch = new BoardWatch(
    client,
    'SFO',
    {
      changed: () => {},
      recovered: (count) => told.push(`recovered ${count}`),
      discontinuity: () => told.push('discontinuity'),
      failed: (message) => told.push(`failed: ${message}`),
    },
    server.clock.after,
  );
  await server.settle();
});

afterEach(() => {
  watch.close();
  client.close();
  expectNothingLeft();
});

function expectNothingLeft(): void {
  if (server.clock.pending > 0 || server.reported.length > 0) throw new Error('Timers or reports are left');
}

const shown = (): number[] => watch.state.rows.map((row) => row.departure.entry);
const record = (entry: number): void => server.link.events(log.publish('departure.recorded', departure(entry)));
const answerSubscribe = (): void => server.answerSubscribe((item) => log.answer(item));

async function answerRead(...entries: number[]): Promise<void> {
  server.expectCommand().answer({ result: { departures: entries.map(departure) } });
  await server.settle();
}

describe('a board that is opened', () => {
  it('subscribes before it reads', async () => {
    expect(() => server.expectCommand()).toThrow('waiting: subscribe');
    answerSubscribe();
    await server.settle();
    const { body } = server.expectCommand();
    expect(body).toMatchObject({ name: 'board.read', data: { airport: 'SFO', limit: 50 } });
  });

  it('has every departure once, also those that are recorded while it reads', async () => {
    answerSubscribe();
    await server.settle();
    record(4);
    record(5);
    // The server read before 5 was recorded.
    await answerRead(4, 3, 2, 1);
    record(6);
    expect(shown()).toEqual([6, 5, 4, 3, 2, 1]);
    expect(watch.state.kind).toBe('current');
  });

  it('says why it cannot be', async () => {
    server.answerSubscribe(({ sid }) => ({ sid, outcome: 'refused', error: wireError('FORBIDDEN') }));
    expect(told).toEqual([`failed: ${wireError('FORBIDDEN').message}`]);
  });

  it('reads again when that failed', async () => {
    answerSubscribe();
    await server.settle();
    server.expectCommand().refuse(wireError('STREAM_UNAVAILABLE'));
    await server.clock.advance(2_000);
    await answerRead(3, 2, 1);
    expect(shown()).toEqual([3, 2, 1]);
    expect(told).toEqual([]);
  });

  it('says so when it may not read', async () => {
    answerSubscribe();
    await server.settle();
    server.expectCommand().refuse(wireError('INTERNAL'));
    await server.settle();
    expect(told).toEqual([`failed: ${wireError('INTERNAL').message}`]);
  });
});

describe('a board whose connection is cut', () => {
  beforeEach(async () => {
    answerSubscribe();
    await server.settle();
    await answerRead(3, 2, 1);
    client.disconnect();
    log.publish('departure.recorded', departure(4));
    log.publish('departure.recorded', departure(5));
  });

  it('gets what was missed, says how much, and does not read again', async () => {
    client.connect();
    await server.settle();
    answerSubscribe();
    await server.settle();
    expect(shown()).toEqual([5, 4, 3, 2, 1]);
    expect(watch.state.rows.slice(0, 2).map(({ arrival }) => arrival)).toEqual(['recovered', 'recovered']);
    expect(told).toEqual(['recovered 2']);
    expect(() => server.expectCommand()).toThrow('waiting: nothing');
  });

  it('is read anew when what was missed is lost', async () => {
    log.expire(5);
    client.connect();
    await server.settle();
    answerSubscribe();
    expect(told).toEqual(['discontinuity']);
    expect(watch.state).toEqual({ kind: 'reading', rows: [] });
    await server.settle();
    await answerRead(5, 4, 3, 2, 1);
    expect(shown()).toEqual([5, 4, 3, 2, 1]);
  });
});

it('drops the answer of a read that was under way when events were lost', async () => {
  answerSubscribe();
  await server.settle();
  const old = server.expectCommand();
  server.link.control({ kind: 'discontinuity', channel: 'desk.SFO', reason: 'epoch' });
  log.restart();
  await server.settle();
  answerSubscribe();
  await server.settle();
  old.answer({ result: { departures: [departure(3)] } });
  await answerRead(7);
  expect(shown()).toEqual([7]);
});

it('takes nothing after it was closed', async () => {
  answerSubscribe();
  await server.settle();
  const read = server.expectCommand();
  watch.close();
  read.answer({ result: { departures: [departure(3)] } });
  await server.settle();
  expect(shown()).toEqual([]);
});
