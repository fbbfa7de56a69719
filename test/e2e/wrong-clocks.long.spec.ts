import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, postNote, startTyping, typing, writeNote } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import { total, type Metrics } from './support/metrics.js';
import type { NotesNode } from './support/notes-node.js';
import { adminKey, askAsOperator } from './support/operator.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';
import { WallClock } from './support/wall-clock.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Several rounds of care, and readings of the gauges. */
const ROUNDS_MS = 1_000;

let stage: Stage;
const clocks: WallClock[] = [];
beforeAll(async () => {
  stage = await Stage.set({
    adminKey,
    redis: { url: serviceAddress('REDIS_URL') },
    options: { stream: { careIntervalMs: 200, gaugeIntervalMs: 300 } },
  });
  await plantLog();
});
afterAll(async () => {
  await stage.clear();
  for (const clock of clocks) clock.remove();
});

const rightNow = async (): Promise<number> => {
  const { rows } = await stage.sql.query<{ ms: number }>('select (extract(epoch from now()) * 1000)::float8 as ms');
  return rows[0]?.ms ?? 0;
};

async function startNode(aheadMs: number): Promise<{ clock: WallClock; node: NotesNode }> {
  const clock = new WallClock(aheadMs);
  clocks.push(clock);
  return { clock, node: await stage.joinNode({}, undefined, clock.env) };
}

/** A week of events, one for every three hours, with a publish key each; and one whose retention has ended. */
async function plantLog(): Promise<void> {
  const day = (n: string): string => `(now() at time zone 'UTC')::date - ${n}`;
  await stage.sql.query(`do $$ begin
  for back in 2..12 loop
    execute format('create table millrace.%I partition of millrace.event for values from (%L) to (%L)',
      'event_' || to_char(${day('back')}, 'YYYYMMDD'), (${day('back')}) at time zone 'UTC',
      (${day('back')} + 1) at time zone 'UTC');
  end loop;
end $$`);
  await stage.sql.query(`insert into millrace.event (pos, channel, epoch, "offset", id, type, data, ts)
select -n, 'board.week', 'e', -n, 'week-' || n, 'note.posted', '{"text":"x"}', now() - n * interval '3 hours'
from (select generate_series(0, 55) union select 96) planted(n)`);
  await stage.sql.query(`insert into millrace.publish_key (channel, key, epoch, "offset", id, ts)
select channel, id, epoch, "offset", id, ts from millrace.event where channel = 'board.week'`);
}

async function counted(): Promise<{ events: number; keys: number; over: number }> {
  const { rows } = await stage.sql.query<{ events: number; keys: number; over: number }>(
    `select (select count(*)::int from millrace.event where id like 'week-%' and ts > now() - interval '8 days') as events,
  (select count(*)::int from millrace.publish_key where ts > now() - interval '8 days') as keys,
  (select count(*)::int from millrace.event where ts < now() - interval '8 days') as over`,
  );
  return rows[0] ?? { events: 0, keys: 0, over: 0 };
}

/** One planted event and key for every three hours of the last week; nothing of twelve days ago. */
const allKept = { events: 56, keys: 56, over: 0 };

const details = async (node: NotesNode): Promise<Record<string, Record<string, unknown>>> => {
  const { body } = await askAsOperator(node, 'health/details');
  return (body as { details: Record<string, Record<string, unknown>> }).details;
};

const skewIn = (metrics: Metrics): number => total(metrics, 'realtime_stream_clock_skew_seconds');

it('nodes that start with a wrong clock drop nothing that is kept, say how wrong it is, and are not given users', async () => {
  const skews = [2 * HOUR_MS, -2 * HOUR_MS, 30 * DAY_MS];
  const nodes: Awaited<ReturnType<typeof startNode>>[] = [];
  for (const aheadMs of skews) nodes.push(await startNode(aheadMs));
  await Promise.all(
    nodes.map(async ({ node }, index) => {
      const aheadMs = skews[index] ?? 0;
      await until('it is not ready', async () => (await node.readiness()) === 503);
      await until(
        'it was in care',
        async () => total(await node.metrics(), 'realtime_stream_partition_care_total') > 2,
      );
      const { clock, stream } = await details(node);
      expect(clock).toMatchObject({ status: 'down', state: 'unready' });
      expect(Math.abs(Number(clock?.['clockSkewMs']) - aheadMs)).toBeLessThan(2_000);
      expect(stream).toMatchObject({ status: 'up', state: 'ready' });
      expect(Math.abs(skewIn(await node.metrics()) * 1_000 - aheadMs)).toBeLessThan(2_000);
      await until('its log says so', () =>
        /This node is unready: the clock of this host is \d+ s (ahead of|behind)/.test(node.output),
      );
    }),
  );
  expect(await counted()).toEqual(allKept);
  const { body } = await askAsOperator(stage.node, 'admin/realtime/nodes');
  const seen = (body as { nodes: { clockSkewMs: number }[] }).nodes.map(({ clockSkewMs }) => clockSkewMs);
  for (const aheadMs of skews) expect(seen.filter((skewMs) => Math.abs(skewMs - aheadMs) < 2_000)).toHaveLength(1);
  expect(await stage.node.readiness()).toBe(200);
  await Promise.all(nodes.map(({ node }) => node.kill()));
});

describe('a node whose clock is stepped while it runs', () => {
  let clock: WallClock;
  let node: NotesNode;
  beforeAll(async () => {
    ({ clock, node } = await startNode(0));
    await until('it is ready', async () => (await node.readiness()) === 200);
  });

  it('loses nothing, delivers as before, and is ready again when its clock is right', async () => {
    const [here, there] = [stage.client('here', { url: node.url }), stage.client('there', { url: stage.node.url })];
    const heard = [here, there].map((client) => {
      const events: { text: string; time: number }[] = [];
      const subscription = client.subscribe(board, { name: 'steps' });
      const hear = ({ text }: { text: string }, { time }: { time: number }) => void events.push({ text, time });
      subscription.on('note.posted', hear);
      subscription.on('note.written', hear);
      return { events, subscription };
    });
    const typed: number[] = [];
    const live = there.subscribe(typing, { name: 'steps' });
    live.on('typing.started', (_, { time }) => void typed.push(time));
    await until('all are subscribed', () =>
      [...heard.map(({ subscription }) => subscription), live].every(({ state }) => state === 'subscribed'),
    );

    const sent: string[] = [];
    let ofSteps = 0;
    for (const aheadMs of [9 * DAY_MS, -9 * DAY_MS, 2 * HOUR_MS, -2 * HOUR_MS, 30 * DAY_MS]) {
      clock.set(aheadMs);
      const unreadyMs = await until('it is not ready', async () => (await node.readiness()) === 503, 5_000);
      ofSteps = Math.max(ofSteps, unreadyMs);
      for (const client of [here, there]) {
        const text = `${aheadMs} ${sent.length}`;
        await client.send(writeNote, { board: 'steps', text });
        await client.send(postNote, { board: 'steps', text: `${text} too` });
        sent.push(text, `${text} too`);
      }
      await here.send(startTyping, { board: 'steps' });
      await sleep(ROUNDS_MS);
      expect(await counted()).toEqual(allKept);
      const { stream, clock: judged } = await details(node);
      expect(stream).toMatchObject({ state: 'ready' });
      expect(Number(stream?.['passAgeMs'])).toBeLessThan(3_000);
      expect(Math.abs(Number(judged?.['clockSkewMs']) - aheadMs)).toBeLessThan(2_000);
      expect(await stage.node.readiness()).toBe(200);
    }
    clock.set(0);
    const readyMs = await until('it is ready again', async () => (await node.readiness()) === 200, 5_000);

    await until('both have heard everything', () => heard.every(({ events }) => events.length === sent.length));
    for (const { events } of heard) {
      expect(events.map(({ text }) => text)).toEqual(sent);
      const times = events.map(({ time }) => time);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect(Math.abs((await rightNow()) - (times.at(-1) ?? 0))).toBeLessThan(30_000);
    }
    expect(typed).toHaveLength(5);
    for (const time of typed) expect(Math.abs((await rightNow()) - time)).toBeLessThan(30_000);

    const metrics = await node.metrics();
    for (const name of ['realtime_hub_deliver_seconds', 'realtime_broker_lag_seconds']) {
      expect(total(metrics, `${name}_count`)).toBeGreaterThan(0);
      expect(total(metrics, `${name}_sum`) / total(metrics, `${name}_count`)).toBeLessThan(2);
    }
    // The application of the tests prints warnings only, so the line that says it is over is not among them.
    expect(node.output.match(/This node is unready: the clock/g)).toHaveLength(1);
    console.log(`unready ${Math.round(ofSteps)} ms after a step at most, ready after ${Math.round(readyMs)} ms`);
  });
});
