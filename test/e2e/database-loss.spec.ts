import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { board, postNote, writeNote } from '../apps/notes/contracts.js';
import { cleanCommands } from './support/command-check.js';
import { DatabaseServer } from './support/database-server.js';
import { stagedEvents } from './support/event-log.js';
import { cleanJournals } from './support/journal-check.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { judgeRun } from './support/judge-run.js';
import { Load } from './support/load.js';
import { adminKey, askAsOperator } from './support/operator.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const boards = ['red', 'green', 'blue'];
/** Ready means a pass that is younger than 5 s. */
const OUTAGE_MS = 6_500;

let stage: Stage;
let server: DatabaseServer;
beforeAll(async () => {
  stage = await Stage.set({
    adminKey,
    options: { stream: { publishTimeoutMs: 2_000 }, session: { framesPerSecond: 200 } },
  });
  server = await DatabaseServer.of(stage.database);
});
afterAll(async () => {
  await server.close();
  await stage.clear();
});

it('loses, doubles and swaps nothing while the database cuts connections and then stays away', async () => {
  const keepers = Array.from({ length: 12 }, (_, index) => {
    const subscription = stage
      .client(`reader-${index}`)
      .subscribe(board, { name: boards[index % boards.length] ?? '' });
    return new JournalKeeper(`reader-${index}`, subscription);
  });
  await until('all are subscribed', () => keepers.every(({ subscription }) => subscription.state === 'subscribed'));
  const load = new Load({ boards, pauseMs: 30 });
  for (let sender = 0; sender < 8; sender++) load.add(stage.client(`sender-${sender}`));

  let cut = 0;
  await load.progress(30);
  for (let round = 0; round < 15; round++) {
    await sleep(100);
    cut += await server.cut();
  }
  expect(await stage.node.readiness()).toBe(200);

  await server.allowConnections(false);
  const awayFrom = performance.now();
  cut += await server.cut();
  const probe = stage.client('probe');
  const failures = await Promise.allSettled([
    probe.send(writeNote, { board: 'red', text: 'away' }),
    probe.send(postNote, { board: 'red', text: 'away too' }),
  ]);
  const failedMs = Math.round(performance.now() - awayFrom);
  const stateOf = async (check = 'node') => (await stage.node.metrics()).get(`realtime_health_state{check="${check}"}`);
  const degradedMs = Math.round(
    await until('the node is degraded', async () => (await stateOf('stream')) === 1, OUTAGE_MS),
  );
  // It is the only one: without it, nobody would get even an answer that says "later".
  expect(await stage.node.readiness()).toBe(200);
  expect(await stage.node.liveness()).toBe(200);
  expect(await askAsOperator(stage.node, 'health/details')).toMatchObject({
    status: 200,
    body: {
      details: {
        stream: {
          status: 'up',
          state: 'degraded',
          reason: expect.stringContaining('no pass') as string,
          passAgeMs: expect.any(Number) as number,
        },
      },
    },
  });
  for (const path of ['outbox', 'outbox/dead-letters', 'channels/board.red']) {
    const refusal = { status: 503, body: { code: 'STREAM_UNAVAILABLE' } };
    expect(await askAsOperator(stage.node, `admin/realtime/${path}`)).toMatchObject(refusal);
  }
  expect(await askAsOperator(stage.node, 'admin/realtime/sessions')).toMatchObject({ status: 200 });
  await sleep(Math.max(0, OUTAGE_MS - (performance.now() - awayFrom)));
  await server.allowConnections(true);
  const readyMs = Math.round(await until('the node is ready', async () => (await stateOf()) === 0));
  await load.progress(60);
  await load.stop();

  await until('nothing is staged', async () => (await stagedEvents(stage.sql)) === 0);
  const { journals, commands } = await judgeRun({ sql: stage.sql, keepers, load });
  const codes = new Map<string, number>();
  for (const { code = 'ok' } of load.records) codes.set(code, (codes.get(code) ?? 0) + 1);
  const numbers = { cut, failedMs, degradedMs, readyMs, codes: Object.fromEntries(codes), journals, commands };
  console.log('database loss:', JSON.stringify(numbers));

  expect(failures).toMatchObject([
    { status: 'rejected', reason: { code: 'STREAM_UNAVAILABLE', outcome: 'not-applied' } },
    { status: 'rejected', reason: { code: 'STREAM_UNAVAILABLE', outcome: 'unknown' } },
  ]);
  expect(failedMs).toBeLessThan(4_000);
  expect(readyMs).toBeLessThan(3_000);
  expect(journals).toMatchObject(cleanJournals);
  expect(commands).toMatchObject({ ...cleanCommands, commands: load.sent });
  // What nobody could have known a code for would be INTERNAL.
  expect([...codes.keys()]).not.toContain('INTERNAL');
  expect(cut).toBeGreaterThan(20);
  expect(codes.get('STREAM_UNAVAILABLE')).toBeGreaterThan(0);
  expect(commands.applied).toBeGreaterThanOrEqual(90);
});

it('goes on by itself after a failover in which it reached the standby first', async () => {
  const [reader, sender] = [stage.client('after'), stage.client('sender-after')];
  const keeper = new JournalKeeper('after', reader.subscribe(board, { name: 'after' }));
  const failureOf = (command: typeof writeNote | typeof postNote) =>
    sender.send(command, { board: 'after', text: 'note' }).then(
      () => 'none',
      ({ code }: { readonly code: string }) => code,
    );
  await until('it is subscribed', () => keeper.subscription.state === 'subscribed');
  expect([await failureOf(writeNote), await failureOf(postNote)]).toEqual(['none', 'none']);
  await server.alter('set default_transaction_read_only = on');
  await server.cut();
  await until('it reached the standby', async () => (await failureOf(writeNote)) === 'TRANSACTION_ABORTED');
  expect(await failureOf(postNote)).toBe('STREAM_UNAVAILABLE');
  await server.alter('reset default_transaction_read_only');
  expect([await failureOf(writeNote), await failureOf(postNote)]).toEqual(['none', 'none']);
  await until('the notes are there', () => keeper.events.length >= 4);
  expect(await stage.node.readiness()).toBe(200);
});

it('asks again where a subscribe met a fault, and tells of it once', async () => {
  const [early, late] = [stage.client('early'), stage.client('late')];
  const known = new JournalKeeper('early', early.subscribe(board, { name: 'lost' }));
  await until('it is subscribed', () => known.subscription.state === 'subscribed');
  // An error that nobody foresees: it is no sign that the database is away.
  await stage.sql.query('alter table millrace.channel rename to channel_away');
  const keeper = new JournalKeeper('late', late.subscribe(board, { name: 'lost-too' }));
  await expect(late.history(board, { name: 'lost' })).rejects.toMatchObject({ code: 'INTERNAL', retry: 'backoff' });
  expect(keeper.subscription.state).toBe('subscribing');
  await stage.sql.query('alter table millrace.channel_away rename to channel');
  await until('it is subscribed, too', () => keeper.subscription.state === 'subscribed');
  expect([keeper.errors, known.errors]).toEqual([['INTERNAL'], []]);
});
