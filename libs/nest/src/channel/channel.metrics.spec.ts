import { defineChannel, event } from '@millrace/protocol';
import { beforeEach, expect, it } from 'vitest';
import { settled } from '../core/testing/fake-clock.js';
import type { CounterMetric } from '../telemetry/recorder.js';
import { channelNamed } from '../hub/testing/hub-bench.js';
import {
  historyPagesAnswered,
  policyCalls,
  subscribesAnswered,
  subscriptionsOpen,
  subscriptionsRevoked,
} from './channel.metrics.js';
import { ChannelBench } from './testing/channel-bench.js';
import type { FakeSession } from './testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const typing = defineChannel('typing.:airport', { delivery: 'live', events: { typed: event<number>() } });
const sfo = channelNamed('desk.SFO');

let stage: ChannelBench;
let session: FakeSession;
beforeEach(() => {
  stage = new ChannelBench();
  stage.policy(desk, { subscribe: (_, { airport }) => airport !== 'JFK' && stage.policyAnswer() });
  stage.policy(typing, { subscribe: () => true });
  session = stage.session();
});

/** Of a counter with one label: what is not 0. */
function counted(metric: CounterMetric): Record<string, number> {
  const [[label, values]] = Object.entries(metric.labels ?? {}) as [[string, readonly string[]]];
  const counts = values.map((value) => [value, stage.recorder.valueOf(metric, { [label]: value })] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

it('counts resumes and other subscribes by what came of them', async () => {
  stage.bench.store.append(sfo, 5);
  const { position: start } = await stage.history(session, { channel: sfo, limit: 1 });
  const back = async (since?: string): Promise<void> => {
    await stage.unsubscribe(session, sfo);
    await stage.subscribe(session, sfo, since);
  };
  await back();
  await back(start);
  await back('epoch0.1.x.1');
  await stage.subscribe(session, 'typing.SFO');
  await stage.subscribe(session, 'desk.JFK');
  expect(counted(subscribesAnswered)).toEqual({ fresh: 1, recovered: 1, unrecoverable: 1, live: 1, refused: 1 });
});

it('counts answers to those who ask for history, refusals too', async () => {
  stage.bench.store.append(sfo, 2);
  await stage.history(session, { channel: sfo, limit: 1 });
  await stage.history(session, { channel: sfo, limit: 2 });
  for (const [frame, code] of [
    [{ channel: 'desk.JFK', limit: 1 }, 'FORBIDDEN'],
    [{ channel: 'typing.SFO', limit: 1 }, 'NOT_DURABLE'],
    [{}, 'FRAME_INVALID'],
  ] as const) {
    await expect(stage.history(session, frame)).rejects.toMatchObject({ wire: { code } });
  }
  expect(counted(historyPagesAnswered)).toEqual({ more: 1, complete: 1, refused: 3 });
});

it('keeps count of subscriptions, of what policies say, and of what is withdrawn', async () => {
  for (const channel of ['desk.SFO', 'desk.LAX', 'desk.JFK']) await stage.subscribe(session, channel);
  expect(stage.recorder.valueOf(subscriptionsOpen)).toBe(2);
  expect(counted(policyCalls)).toEqual({ allowed: 2, denied: 1 });
  stage.answerPolicy(false);
  stage.authorizer.withdraw({ channel: sfo });
  await settled();
  expect([subscriptionsOpen, subscriptionsRevoked].map((metric) => stage.recorder.valueOf(metric))).toEqual([1, 1]);
});
