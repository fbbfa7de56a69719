import type { Client } from '@millrace/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { board } from '../apps/notes/contracts.js';
import { cleanCommands, judgeCommands } from './support/command-check.js';
import { publishBySql, readLog, stagedEvents } from './support/event-log.js';
import { cleanJournals, judgeJournals } from './support/journal-check.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { judgeRun } from './support/judge-run.js';
import { Load } from './support/load.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const CLIENTS = 100;
const SENDERS = 25;
const boards = Array.from({ length: 20 }, (_, index) => `b${index}`);
const BOARDS_EACH = 4;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set({ options: { session: { drainSpreadMs: 400, framesPerSecond: 200 } } });
});
afterAll(() => stage.clear());

function subscribed(client: Client, name: string, reader: string): JournalKeeper {
  return new JournalKeeper(reader, client.subscribe(board, { name }));
}

const isConnected = ({ state }: Client): boolean => state.kind === 'connected';

/** The way of those who do not resume: they begin anew at every connection. */
function forgetful(client: Client, name: string): JournalKeeper[] {
  const lives: JournalKeeper[] = [];
  client.onState(({ kind }) => {
    if (kind !== 'connected') return;
    lives.at(-1)?.subscription.unsubscribe();
    lives.push(subscribed(client, name, 'forgetful'));
  });
  client.connect();
  return lives;
}

it('hands every event once and in order to everybody, over kills and a drain of the node', async () => {
  const clients = Array.from({ length: CLIENTS }, (_, index) => stage.client(`reader-${index}`));
  const keepers = clients.flatMap((client, index) =>
    Array.from({ length: BOARDS_EACH }, (_, nth) => {
      const name = boards[(index + nth * 5) % boards.length] ?? '';
      return subscribed(client, name, `reader-${index}`);
    }),
  );
  const lives = forgetful(stage.client('forgetful'), 'b0');
  const everybodyIsThere = (): boolean =>
    clients.every(isConnected) && keepers.every(({ subscription }) => subscription.state === 'subscribed');
  await until('all are subscribed', everybodyIsThere, 20_000);

  const load = new Load({ boards, pauseMs: 100 });
  for (const client of clients.slice(0, SENDERS)) load.add(client);
  await load.progress(120);

  for (let kill = 0; kill < 2; kill++) {
    await stage.killNode();
    // Whoever else writes to the outbox does not notice that no node is there.
    await publishBySql(stage.sql, { channel: 'board.b0', type: 'note.imported', count: 20 });
    await stage.startNode();
    await until('all are back', everybodyIsThere, 20_000);
    await load.progress(80);
  }

  stage.node.signal('SIGTERM');
  const drained = await stage.node.exited;
  await stage.startNode();
  await until('all are back', everybodyIsThere, 20_000);
  await load.progress(60);
  await load.stop();

  await until('nothing is staged', async () => (await stagedEvents(stage.sql)) === 0);
  const { log, journals, commands } = await judgeRun({ sql: stage.sql, keepers, load });
  const recovered = keepers.reduce((sum, keeper) => sum + keeper.recovered, 0);
  const forgot = judgeJournals(
    [{ reader: 'forgetful', channel: 'board.b0', after: 0, events: lives.flatMap(({ events }) => events) }],
    log,
  );
  console.log(
    'node loss:',
    JSON.stringify({ journals, recovered, commands, forgot: forgot.lost, drained: drained.signal }),
  );

  expect(journals).toMatchObject(cleanJournals);
  expect(journals.handed).toBe(journals.owed);
  expect(commands).toMatchObject({ ...cleanCommands, commands: load.sent });
  expect(drained).toMatchObject({ signal: 'SIGTERM' });
  // A run in which nothing happened shows nothing.
  expect(commands.applied).toBeGreaterThanOrEqual(340);
  expect(commands.refused).toBeGreaterThan(30);
  expect(commands.unknown).toBeGreaterThan(0);
  expect(recovered).toBeGreaterThan(100);
  expect(lives.length).toBeGreaterThanOrEqual(4);
  // The same run for one who does not resume: the checker turns red.
  expect(forgot.lost).toBeGreaterThan(20);
});

it('turns red when events leave before their transaction commits', async () => {
  await stage.killNode();
  await stage.startNode({ fault: 'leak' });
  const load = new Load({ boards: ['leak'], pauseMs: 20 });
  for (let sender = 0; sender < 5; sender++) load.add(stage.client(`leaky-${sender}`));
  await until('commands were refused', () => load.records.filter(({ effect }) => effect === 'none').length >= 10);
  await load.stop();
  const log = (await readLog(stage.sql)).filter(({ channel }) => channel === 'board.leak');
  const { rows } = await stage.sql.query<{ text: string }>(`select text from note where board = 'leak'`);
  const { ghosts, torn } = judgeCommands(
    load.records,
    rows.map(({ text }) => text),
    log,
  );
  const spoiled = load.records.filter(({ effect }) => effect === 'none').length;
  expect({ ghosts, torn }).toEqual({ ghosts: spoiled, torn: spoiled });
});
