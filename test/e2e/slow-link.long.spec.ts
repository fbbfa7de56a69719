import { afterAll, beforeAll, expect, it } from 'vitest';
import { board, writeNote } from '../apps/notes/contracts.js';
import { publishBySql } from './support/event-log.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** All numbers are those of a link of some kB/s and the defaults, made smaller by the same factor. */
const BYTES_PER_SECOND = 40_000;
const MISSED = 300;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set({
    options: { session: { heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 3_500 }, stream: { pollIntervalMs: 100 } },
  });
});
afterAll(() => stage.clear());

it('a client on a link that takes longer for a page than a heartbeat may last catches up, and never stands still', async () => {
  const position = new Promise<string>((resolve) => {
    const first = stage.client('ann', { url: stage.node.url }).subscribe(board, { name: 'far' });
    first.on('state', (state) => state === 'subscribed' && first.position && resolve(first.position));
  });
  const since = await position;
  await publishBySql(stage.sql, {
    channel: 'board.far',
    type: 'note.imported',
    count: MISSED,
    padding: 1_000,
  });
  const proxy = await stage.addProxy();
  proxy.bytesPerSecond = BYTES_PER_SECOND;
  const client = stage.client('bob', { url: proxy.url });
  let cuts = 0;
  client.onState(({ kind }) => (cuts += Number(kind === 'reconnecting')));
  const seenAt: number[] = [performance.now()];
  const far = client.subscribe(board, { name: 'far' }, { since });
  far.on('note.imported', () => seenAt.push(performance.now()));
  const tookMs = await until('all that was missed is there', () => seenAt.length > MISSED, 20_000);
  const gaps = seenAt.slice(1).map((at, index) => at - (seenAt[index] ?? at));
  console.log(
    'slow link:',
    JSON.stringify({ tookMs: Math.round(tookMs), longestGapMs: Math.round(Math.max(...gaps)), cuts }),
  );
  expect(Math.max(...gaps)).toBeLessThan(6_000);
  expect(cuts).toBeLessThanOrEqual(1);
}, 30_000);

it('a command that takes longer on its way in than a heartbeat may last arrives', async () => {
  const proxy = await stage.addProxy();
  proxy.bytesPerSecond = 3_000;
  const client = stage.client('ann', { url: proxy.url });
  const states: string[] = [];
  client.connect();
  await until('it is connected', () => client.state.kind === 'connected');
  client.onState(({ kind }) => states.push(kind));
  await client.send(writeNote, { board: 'other', text: 'x'.repeat(18_000) });
  expect(states).toEqual([]);
}, 20_000);
