import { afterAll, beforeAll, expect, it } from 'vitest';
import { board, postNote, writeNote } from '../apps/notes/contracts.js';
import { publishBySql } from './support/event-log.js';
import { JournalKeeper } from './support/journal-keeper.js';
import type { NotesNode } from './support/notes-node.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

let stage: Stage;
let other: NotesNode;
beforeAll(async () => {
  stage = await Stage.set();
  other = await stage.joinNode();
});
afterAll(() => stage.clear());

it('follows on every node what the others number, in PostgreSQL alone', async () => {
  const keepers = [stage.node, other].map(
    (node) => new JournalKeeper('reader', stage.client('reader', { url: node.url }).subscribe(board, { name: 'red' })),
  );
  await until('all are subscribed', () => keepers.every(({ subscription }) => subscription.state === 'subscribed'));
  const writers = [stage.node, other].map((node) => stage.client('ada', { url: node.url }));
  let longestMs = 0;
  for (let sent = 0; sent < 20; sent++) {
    const writer = writers[sent % 2]!;
    await writer.send(sent % 4 < 2 ? writeNote : postNote, { board: 'red', text: `${sent}` });
    const took = await until('it is everywhere', () => keepers.every(({ events }) => events.length === sent + 1));
    longestMs = Math.max(longestMs, took);
  }
  console.log('postgres only:', JSON.stringify({ longestMs: Math.round(longestMs) }));
  expect(longestMs).toBeLessThan(1_500);
  // A burst from somebody else's transaction, which only one of the nodes numbers.
  await publishBySql(stage.sql, { channel: 'board.red', type: 'note.imported', count: 300 });
  await until('the burst is everywhere', () => keepers.every(({ events }) => events.length === 320));
  expect(keepers[0]?.events).toEqual(keepers[1]?.events);
});
