import { afterAll, beforeAll, expect, it } from 'vitest';
import { board } from '../apps/notes/contracts.js';
import { publishBySql, readLog } from './support/event-log.js';
import { cleanJournals, judgeJournals } from './support/journal-check.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const heartbeatIntervalMs = 400;
const heartbeatTimeoutMs = 600;
const READERS = 30;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set({
    options: { session: { heartbeatIntervalMs, heartbeatTimeoutMs }, stream: { pollIntervalMs: 100 } },
  });
});
afterAll(() => stage.clear());

it('ends sessions whose bytes vanish on the way, and their clients notice, come back and miss nothing', async () => {
  const clients = Array.from({ length: READERS }, (_, index) => stage.client(`reader-${index}`));
  const keepers = clients.map((client) => new JournalKeeper('reader', client.subscribe(board, { name: 'red' })));
  await until('all watch', () => keepers.every(({ subscription }) => subscription.state === 'subscribed'));
  const opened = (await stage.node.metrics()).get('realtime_session_opened_total');
  const sessions = new Set(clients.map(({ state }) => (state.kind === 'connected' ? state.session : '')));

  const swallowed = stage.proxy.swallow();
  await publishBySql(stage.sql, { channel: 'board.red', type: 'note.imported', count: 10 });
  const ended = async (): Promise<number> =>
    (await stage.node.metrics()).get('realtime_session_ended_total{reason="heartbeat"}') ?? 0;
  const noticedMs = await until('the node ends all', async () => (await ended()) === READERS, 3_000);
  await until('all have the events', () => keepers.every(({ offset }) => offset === 10));

  const metrics = await stage.node.metrics();
  const verdict = judgeJournals(
    keepers.map(({ journal }) => journal),
    await readLog(stage.sql),
  );
  const numbers = { swallowed, noticedMs: Math.round(noticedMs), open: metrics.get('realtime_session_open_sessions') };
  console.log('half-open:', JSON.stringify({ ...numbers, verdict }));
  expect(verdict).toMatchObject({ ...cleanJournals, owed: READERS * 10 });
  expect(swallowed).toBe(READERS);
  expect(opened).toBe(READERS);
  expect(metrics.get('realtime_session_open_sessions')).toBe(READERS);
  expect(noticedMs).toBeLessThan(heartbeatIntervalMs + heartbeatTimeoutMs + 1_000);
  // Everybody is in another session than before, and got all in one recovery.
  for (const { state } of clients) {
    expect(state.kind === 'connected' && !sessions.has(state.session)).toBe(true);
  }
  expect(keepers.map(({ recoveries }) => recoveries)).toEqual(keepers.map(() => [10]));
});
