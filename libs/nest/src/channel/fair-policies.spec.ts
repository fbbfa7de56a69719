import { defineChannel, event } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { settled } from '../core/testing/fake-clock.js';
import { ChannelBench } from './testing/channel-bench.js';

const desk = defineChannel('desk.:airport', { delivery: 'live', events: { noted: event<number>() } });
const POLICY_MS = 1_000;

/** A node whose policies take a second, and what it says to whom. */
function start() {
  const stage = new ChannelBench({ options: { policyConcurrency: 8 }, maxSubscriptions: 200 });
  const { clock } = stage.bench;
  let asked = 0;
  stage.policy(desk, {
    subscribe: () => {
      asked++;
      return new Promise((resolve) => void clock.after(POLICY_MS, () => resolve(true)));
    },
  });
  const subscribe = (session: ReturnType<ChannelBench['session']>, count: number) =>
    stage.frame(session, {
      items: Array.from({ length: count }, (_, sid) => ({ channel: `desk.C${sid}`, sid })),
    });
  return { stage, clock, subscribe, asked: () => asked };
}

it('answers another client in the time of one policy while one floods with five sessions', async () => {
  const { stage, clock, subscribe } = start();
  const sessions = Array.from({ length: 5 }, (_, index) => stage.session(`f${index}`, 'flood'));
  const flood = sessions.map((session) => subscribe(session, 20));
  await settled();
  for (let round = 0; round < 3; round++) {
    const victim = subscribe(stage.session(`v${round}`, 'victim'), 1);
    await clock.advance(POLICY_MS);
    expect((await victim).items).toMatchObject([{ outcome: 'live' }]);
  }
  await clock.advance(100 * POLICY_MS);
  await Promise.all(flood);
});

it('does not ask for a session that has left while it waited', async () => {
  const { stage, clock, subscribe, asked } = start();
  const session = stage.session('s1', 'flood');
  const flood = subscribe(session, 20);
  await settled();
  expect(asked()).toBe(4);
  stage.disconnect(session);
  await clock.advance(POLICY_MS);
  expect((await flood).items.every(({ outcome }) => outcome === 'refused')).toBe(true);
  expect(asked()).toBe(4);
});
