import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { board } from '../apps/notes/contracts.js';
import { cleanCommands, judgeCommands } from './support/command-check.js';
import { publishBySql, readLog } from './support/event-log.js';
import { cleanJournals, judgeJournals } from './support/journal-check.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { Load } from './support/load.js';
import { total, type Metrics } from './support/metrics.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const heartbeatMs = 500;
const maxWaitingBytes = 1_000_000;
const maxStalledMs = 2_500;

let stage: Stage;
let before: Metrics;
beforeAll(async () => {
  stage = await Stage.set({
    options: {
      session: {
        heartbeatIntervalMs: heartbeatMs,
        heartbeatTimeoutMs: 20_000,
        maxWaitingBytes,
        maxStalledMs,
        framesPerSecond: 200,
      },
      channel: { pageMaxBytes: 100_000 },
      stream: { pollIntervalMs: 100 },
    },
  });
});
afterAll(() => stage.clear());
beforeEach(async () => {
  before = await stage.node.metrics();
});

async function grown(name: string): Promise<number> {
  return total(await stage.node.metrics(), name) - total(before, name);
}

async function watchers(count: number, name: string, url = stage.proxy.url): Promise<JournalKeeper[]> {
  const keepers = Array.from({ length: count }, (_, index) => {
    const reader = `${name}-${index}`;
    return new JournalKeeper(reader, stage.client(reader, { url }).subscribe(board, { name }));
  });
  await until('all watch', () => keepers.every(({ subscription }) => subscription.state === 'subscribed'));
  return keepers;
}

async function judge(keepers: readonly JournalKeeper[]) {
  const log = await readLog(stage.sql);
  const heads = new Map(log.map(({ channel, offset }) => [channel, offset]));
  await until('all have caught up', () =>
    keepers.every(({ subscription, offset }) => offset === heads.get(subscription.channel)),
  );
  return judgeJournals(
    keepers.map(({ journal }) => journal),
    log,
  );
}

const recoveredBy = (keepers: readonly JournalKeeper[]): number =>
  keepers.reduce((sum, { recovered }) => sum + recovered, 0);

describe('a network that breaks', () => {
  it('costs nobody anything when all connections are cut again and again', async () => {
    const keepers = await watchers(40, 'cut');
    const load = new Load({ boards: ['cut'], pauseMs: 20 });
    for (let sender = 0; sender < 6; sender++) load.add(stage.client(`sender-${sender}`));
    let cut = 0;
    for (let round = 0; round < 4; round++) {
      await load.progress(15);
      cut += stage.proxy.cut();
    }
    await load.progress(15);
    await load.stop();
    const journals = await judge(keepers);
    const { rows } = await stage.sql.query<{ text: string }>('select text from note');
    const texts = rows.map(({ text }) => text);
    const commands = judgeCommands(load.records, texts, await readLog(stage.sql));
    const recovered = recoveredBy(keepers);
    console.log('network cut:', JSON.stringify({ cut, recovered, journals, commands }));
    expect(journals).toMatchObject({ ...cleanJournals, journals: 40 });
    expect(commands).toMatchObject({ ...cleanCommands, commands: load.sent });
    expect(cut).toBeGreaterThan(100);
    expect(recovered).toBeGreaterThan(40);
    expect(commands.unknown).toBeGreaterThan(0);
    expect(commands.applied).toBeGreaterThanOrEqual(75);
  });
});

describe('a reader that stalls', () => {
  const EVENT_BYTES = 8_000;
  const publish = (name: string, count: number): Promise<void> =>
    publishBySql(stage.sql, { channel: `board.${name}`, type: 'note.imported', count, padding: EVENT_BYTES });

  /** Publishes until `condition` holds, and returns what waited on the node and how much memory it took at most. */
  async function publishUntil(name: string, condition: () => Promise<boolean>) {
    const peak = { published: 0, waitingBytes: 0, memoryBytes: 0 };
    await until('the node has noticed', async () => {
      await publish(name, 25);
      peak.published += 25;
      const metrics = await stage.node.metrics();
      peak.waitingBytes = Math.max(peak.waitingBytes, total(metrics, 'realtime_session_waiting_bytes'));
      peak.memoryBytes = Math.max(peak.memoryBytes, await stage.node.memoryBytes());
      return condition();
    });
    return peak;
  }

  it('leaves the live flow, pages when it reads again, and delays nobody', async () => {
    const slowNetwork = await stage.addProxy();
    const [slow] = await watchers(1, 'slow', slowNetwork.url);
    const others = await watchers(3, 'slow');
    const memoryBefore = await stage.node.memoryBytes();
    slowNetwork.stall();
    const { published, waitingBytes, memoryBytes } = await publishUntil(
      'slow',
      async () => (await grown('realtime_session_lagging_total')) > 0,
    );
    let all = published;
    let othersMs = 0;
    for (let round = 0; round < 8; round++) {
      await publish('slow', 25);
      all += 25;
      const tookMs = await until('the others have all', () => others.every(({ offset }) => offset === all));
      othersMs = Math.max(othersMs, tookMs);
    }
    const reached = slow?.offset ?? 0;
    slowNetwork.flow();
    const verdict = await judge([slow!, ...others]);
    const memoryGrownMb = Math.round((memoryBytes - memoryBefore) / 1_000_000);
    const numbers = { published: all, reached, waitingBytes, memoryGrownMb, othersMs: Math.round(othersMs) };
    console.log('stalled reader:', JSON.stringify({ ...numbers, recovered: slow?.recovered, verdict }));
    expect(verdict).toMatchObject(cleanJournals);
    expect(reached).toBeLessThan(all - 200);
    expect(slow?.recovered).toBeGreaterThanOrEqual(200);
    expect(recoveredBy(others)).toBe(0);
    expect(othersMs).toBeLessThan(1_500);
    // At the bound, and what a quarter of a second brings between two looks.
    expect(waitingBytes).toBeLessThan(maxWaitingBytes + 2_000_000);
    expect(memoryGrownMb).toBeLessThan(150);
    expect(await grown('realtime_session_ended_total')).toBe(0);
  });

  it('and takes nothing at all is cut off, and recovers on another connection', async () => {
    const deadNetwork = await stage.addProxy();
    const [dead] = await watchers(1, 'dead', deadNetwork.url);
    deadNetwork.stall();
    await publish('dead', 700);
    const endedMs = await until(
      'the session is ended',
      async () => (await grown('realtime_session_ended_total')) > 0,
      maxStalledMs + 3_000,
    );
    deadNetwork.cut();
    const ended = (await stage.node.metrics()).get('realtime_session_ended_total{reason="stalled"}');
    const verdict = await judge([dead!]);
    console.log('dead reader:', JSON.stringify({ endedMs: Math.round(endedMs), recovered: dead?.recovered, verdict }));
    expect(verdict).toMatchObject({ ...cleanJournals, handed: 700 });
    expect(ended).toBe(1);
    expect(dead?.recovered).toBeGreaterThan(0);
    expect(endedMs).toBeGreaterThan(maxStalledMs / 2);
  });
});
