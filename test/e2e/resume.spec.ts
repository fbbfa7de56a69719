import type { Client } from '@millrace/client';
import type { SubscribeAnswers } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, ticker, writeNote } from '../apps/notes/contracts.js';
import { publishBySql, readLog, stagedEvents } from './support/event-log.js';
import { cleanJournals, judgeJournals } from './support/journal-check.js';
import { JournalKeeper } from './support/journal-keeper.js';
import type { Metrics } from './support/metrics.js';
import { RawSession } from './support/raw-session.js';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

const PAGE = 200;
/** Every node follows that of withdrawals and that of its own canary. */
const OWN_CHANNELS = 2;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set({
    options: {
      channel: { pageMaxEvents: PAGE },
      stream: { channelRetentionMs: { 'ticker.:name': 60_000 }, pollIntervalMs: 100 },
      hub: { digestIntervalMs: 100, lingerMs: 50 },
    },
  });
});
afterAll(() => stage.clear());

const watch = (client: Client, name: string): JournalKeeper =>
  new JournalKeeper(name, client.subscribe(board, { name }));

const publish = (name: string, count = 1): Promise<void> =>
  publishBySql(stage.sql, { channel: `board.${name}`, type: 'note.imported', count });

async function judge(keepers: readonly JournalKeeper[]) {
  return judgeJournals(
    keepers.map(({ journal }) => journal),
    await readLog(stage.sql),
  );
}

const grown = (before: Metrics, after: Metrics, name: string): number =>
  (after.get(name) ?? 0) - (before.get(name) ?? 0);

/** The events and the head of a channel, as a backup would have them. */
async function backUp(channel: string): Promise<() => Promise<void>> {
  const events = await stage.sql.query('select pos from millrace.event where channel = $1', [channel]);
  const { rows } = await stage.sql.query<Record<'epoch' | 'head' | 'last_id' | 'last_ts', unknown>>(
    'select epoch, head, last_id, last_ts from millrace.channel where name = $1',
    [channel],
  );
  const [head] = rows;
  return async () => {
    const kept = events.rows.map(({ pos }: { pos: unknown }) => pos);
    await stage.sql.query('delete from millrace.event where channel = $1 and pos <> all($2::bigint[])', [
      channel,
      kept,
    ]);
    await stage.sql.query(
      'update millrace.channel set epoch = $2, head = $3, last_id = $4, last_ts = $5 where name = $1',
      [channel, head?.epoch, head?.head, head?.last_id, head?.last_ts],
    );
  };
}

describe('who comes back', () => {
  it('after thousands of events pages through them, in frames of a bounded size', async () => {
    const client = stage.client('ada');
    const keeper = watch(client, 'busy');
    await until('ada watches', () => keeper.subscription.state === 'subscribed');
    client.disconnect();
    await publish('busy', 5_000);
    await until('all is numbered', async () => (await readLog(stage.sql)).length === 5_000);
    const raw = await RawSession.open(stage.node.url, RawSession.auth(await signToken(stage.secret, 'raw')));
    const item = { channel: keeper.subscription.channel, sid: 1, since: keeper.subscription.position };
    const { items } = (await raw.ask('subscribe', { items: [item] })) as SubscribeAnswers;
    raw.close();
    expect(items).toMatchObject([{ outcome: 'behind', events: { length: PAGE } }]);
    const before = await stage.node.metrics();
    client.connect();
    await until('ada has caught up', () => keeper.offset === 5_000);
    const after = await stage.node.metrics();
    const pages = grown(before, after, 'realtime_channel_subscribes_total{outcome="behind"}');
    console.log('5000 events behind:', pages, 'pages');
    expect(pages).toBeGreaterThanOrEqual(5_000 / PAGE - 1);
    expect(grown(before, after, 'realtime_channel_subscribes_total{outcome="recovered"}')).toBe(1);
    expect(keeper.recoveries).toEqual([5_000]);
    expect(await judge([keeper])).toMatchObject({ ...cleanJournals, handed: 5_000 });
    // From here on it is live again.
    await publish('busy');
    await until('the next one comes', () => keeper.offset === 5_001);
    client.close();
  });

  it('after the end of the retention is told so before the next event', async () => {
    const client = stage.client('ada');
    const subscription = client.subscribe(ticker, { name: 'x' });
    const heard: string[] = [];
    subscription.on('ticker.moved', (_data, { offset }) => heard.push(`event ${offset}`));
    subscription.on('discontinuity', ({ reason }) => heard.push(reason));
    subscription.on('recovered', ({ count }) => heard.push(`recovered ${count}`));
    await until('ada watches', () => subscription.state === 'subscribed');
    const move = (): Promise<void> => publishBySql(stage.sql, { channel: 'ticker.x', type: 'ticker.moved' });
    await move();
    await until('the first came', () => heard.length === 1);
    client.disconnect();
    await move();
    await move();
    const ticks = async (): Promise<number> =>
      (await readLog(stage.sql)).filter(({ channel }) => channel === 'ticker.x').length;
    await until('both are numbered', async () => (await ticks()) === 3);
    // A minute later, as far as the events know.
    await stage.sql.query(
      `update millrace.event set ts = ts - interval '61 seconds' where channel = 'ticker.x' and "offset" < 3`,
    );
    await until('the node follows the channel no more', async () => (await following()) === OWN_CHANNELS);
    client.connect();
    await until('ada is back', () => heard.includes('expired'));
    await move();
    await until('the next came', () => heard.includes('event 4'));
    expect(heard).toEqual(['event 1', 'expired', 'event 4']);
    client.close();
  });

  /** Those who come back are answered from the database, not from what the node remembers. */
  const following = async (): Promise<number> =>
    (await stage.node.metrics()).get('realtime_hub_followed_channels') ?? Number.NaN;

  const hasNewest = async ({ events, subscription: { channel } }: JournalKeeper): Promise<boolean> => {
    if ((await stagedEvents(stage.sql)) > 0) return false;
    const newest = (await readLog(stage.sql)).findLast((one) => one.channel === channel);
    return newest !== undefined && events.at(-1)?.id === newest.id;
  };

  it.each([
    ['found by the node when it starts', 'start'],
    ['brought back under a running node', 'running'],
  ])('to a restored older database, %s, is told so, and goes on in order from there', async (_what, when) => {
    const name = `restored-${when}`;
    const [away, present] = [stage.client('away'), stage.client('present')];
    const [left, stayed] = [watch(away, name), watch(present, name)];
    await until('both watch', () => [left, stayed].every(({ subscription }) => subscription.state === 'subscribed'));
    await publish(name, 5);
    await until('both have five', () => left.offset === 5 && stayed.offset === 5);
    const restore = await backUp(`board.${name}`);
    await publish(name, 3);
    await until('both have eight', () => left.offset === 8 && stayed.offset === 8);
    away.disconnect();

    if (when === 'start') await stage.killNode();
    await restore();
    if (when === 'start') await stage.startNode();
    // What the node had emitted is lost, and its offsets are given away again.
    else await publish(name);
    await until('the one who stayed is told', () => stayed.discontinuities.length > 0);
    await until('and subscribed', () => stayed.subscription.state === 'subscribed');
    // Past the place where the other one stands: there is an event at his offset now, and it is not his.
    await publish(name, 6);
    await until('the one who stayed has them', () => hasNewest(stayed));
    away.connect();
    await until('the other one is told', () => left.discontinuities.length > 0);
    await until('and subscribed', () => left.subscription.state === 'subscribed');
    await publish(name, 2);
    await until('both have the last two', async () => (await hasNewest(stayed)) && (await hasNewest(left)));
    console.log('restored:', JSON.stringify([when, left.discontinuities, stayed.discontinuities]));

    for (const keeper of [left, stayed]) {
      expect(keeper.discontinuities).toHaveLength(1);
      expect(['epoch', 'mismatch']).toContain(keeper.discontinuities[0]);
      // Told before anything of the new life; what follows is in order, without a hole, and what the log has.
      expect(keeper.eventsBefore).toEqual([8]);
      const since = keeper.events.slice(8);
      // Who stayed has one more where the loss was told before the event that revealed it.
      expect(keeper === left ? [2] : [8, 9]).toContain(since.length);
      const first = since[0]?.offset ?? 0;
      expect(since.map(({ offset }) => offset)).toEqual(since.map((_, index) => first + index));
      const log = (await readLog(stage.sql)).filter(({ channel }) => channel === `board.${name}`);
      expect(since.map(({ id }) => id)).toEqual(log.slice(-since.length).map(({ id }) => id));
    }
    away.close();
    present.close();
  });
});

describe('five hundred who come back at once', () => {
  const READERS = 500;

  it('to one hot channel cost the database a few reads', async () => {
    const keepers = Array.from({ length: READERS }, (_, index) =>
      watch(stage.client(`reader-${index}`, { maxBackoffMs: 200 }), 'hot'),
    );
    const allThere = (): boolean => keepers.every(({ subscription }) => subscription.state === 'subscribed');
    await until('all watch', allThere, 30_000);
    await publish('hot', 10);
    const allAt = (offset: number) => (): boolean => keepers.every((keeper) => keeper.offset === offset);
    await until('all have ten', allAt(10));

    const warm = await stage.node.metrics();
    const cut = stage.proxy.cut();
    await publish('hot', 20);
    await until('all are back', () => allAt(30)() && allThere(), 30_000);
    const warmReads = readsBetween(warm, await stage.node.metrics());

    await stage.killNode();
    await publish('hot', 20);
    const cold = await stage.startNode();
    await until('all are back', () => allAt(50)() && allThere(), 30_000);
    const coldReads = readsBetween(new Map(), await cold.metrics());

    const verdict = await judge(keepers);
    const recovered = keepers.reduce((sum, keeper) => sum + keeper.recovered, 0);
    console.log('500 readers back at once:', JSON.stringify({ cut, warmReads, coldReads, recovered, verdict }));
    expect(verdict).toMatchObject({ ...cleanJournals, journals: READERS, owed: READERS * 50 });
    expect(cut).toBeGreaterThanOrEqual(READERS);
    expect(recovered).toBeGreaterThan(READERS);
    for (const reads of [warmReads, coldReads]) {
      expect(reads.recent + reads.shared + reads.log).toBeGreaterThanOrEqual(READERS);
      expect(reads.log).toBeLessThanOrEqual(20);
    }
  });

  function readsBetween(before: Metrics, after: Metrics) {
    const of = (source: string): number => grown(before, after, `realtime_hub_reads_total{source="${source}"}`);
    return { recent: of('recent'), shared: of('shared'), log: of('log'), refused: of('refused') };
  }
});

describe('another user on the same client', () => {
  it('neither sends what the one before wanted to, nor goes on where that one stood', async () => {
    let who = 'ann';
    const client = stage.client(who, { token: () => signToken(stage.secret, who), minBackoffMs: 20 });
    const reasons: string[] = [];
    const authors: string[] = [];
    const subscription = client.subscribe(board, { name: 'shared' });
    subscription.on('discontinuity', ({ reason }) => reasons.push(reason));
    subscription.on('note.written', ({ author }) => authors.push(author));
    await until('ann is subscribed', () => subscription.state === 'subscribed');
    await client.send(writeNote, { board: 'shared', text: 'first' });
    await until('ann has her note', () => authors.length === 1);
    client.disconnect();
    const sent = client.send(writeNote, { board: 'shared', text: 'of ann' });
    const failed = sent.then(
      () => undefined,
      (error: unknown) => error,
    );

    who = 'bob';
    client.connect();
    await client.send(writeNote, { board: 'shared', text: 'of bob' });
    expect(await failed).toMatchObject({ code: 'PRINCIPAL_CHANGED', outcome: 'not-applied' });
    await until('bob is subscribed', () => subscription.state === 'subscribed');
    expect(reasons).toEqual(['principal']);
    const { rows } = await stage.sql.query("select text from note where board = 'shared' order by text");
    expect(rows.map(({ text }: { text: string }) => text)).toEqual(['first', 'of bob']);
    expect(client.state).toMatchObject({ subject: 'bob' });
  });
});
