import { defineChannel, event } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { channelNamed } from '../hub/testing/hub-bench.js';
import { limitsRefused, type LimitKind } from '../limits/limits.metrics.js';
import { ChannelBench } from './testing/channel-bench.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });

/** One subject with 8 sessions, each of which asks for 30 channels that nobody ever used. */
async function flood(options: ConstructorParameters<typeof ChannelBench>[0]) {
  const stage = new ChannelBench({ maxSubscriptions: 100, ...options });
  closers.push(() => stage.bench.hub.stop());
  stage.policy(desk, { subscribe: () => true });
  await stage.bench.hub.start();
  const names = Array.from({ length: 240 }, (_, index) => `desk.X${index}`);
  const sessions = Array.from({ length: 8 }, (_, index) => stage.session(`session ${index}`));
  const answers = await Promise.all(names.map((name, index) => stage.subscribe(sessions[index % 8]!, name)));
  const refusals = answers.flatMap((answer) => (answer.outcome === 'refused' ? [answer.error] : []));
  const followed = names.filter((name) => stage.bench.hub.isFollowing(channelNamed(name)));
  const counted = (limit: LimitKind): number => stage.recorder.valueOf(limitsRefused, { limit });
  return { stage, sessions, names, refusals, followed, counted };
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('one subject with many sessions', () => {
  it('makes a node follow no more new channels than it may, and others theirs', async () => {
    const { stage, refusals, followed, counted, sessions, names } = await flood({
      limits: { newChannelsPerMinute: 60 },
    });
    expect([followed.length, refusals.length, counted('channels')]).toEqual([60, 180, 180]);
    expect(refusals[0]).toMatchObject({
      code: 'RATE_LIMITED',
      retry: 'backoff',
      reason: 'channels',
      retryAfterMs: 1_000,
    });
    // What is followed costs nothing new.
    expect(await stage.subscribe(sessions[7]!, names[0]!)).toMatchObject({ outcome: 'fresh' });
    expect(await stage.subscribe(stage.session('other', 'bob'), 'desk.other')).toMatchObject({ outcome: 'fresh' });
    await stage.bench.clock.advance(1_000);
    expect(await stage.subscribe(sessions[0]!, 'desk.more')).toMatchObject({ outcome: 'fresh' });
  });

  it('has no more subscriptions than it may, and room again when a session ends', async () => {
    const { stage, refusals, followed, counted, sessions } = await flood({ maxOfSubject: 80 });
    expect([stage.subscriptions.size, followed.length, counted('subscriptions')]).toEqual([80, 80, 160]);
    expect(refusals[0]).toMatchObject({ code: 'RATE_LIMITED', reason: 'subscriptions', retryAfterMs: 5_000 });
    expect(await stage.subscribe(stage.session('other', 'bob'), 'desk.other')).toMatchObject({ outcome: 'fresh' });
    stage.disconnect(sessions[0]!);
    expect(await stage.subscribe(sessions[1]!, 'desk.more')).toMatchObject({ outcome: 'fresh' });
  });
});
