import { defineChannel, encodePosition, event, type Epoch, type Offset } from '@millrace/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { settled } from '../core/testing/fake-clock.js';
import { channelNamed } from '../hub/testing/hub-bench.js';
import { ChannelBench } from './testing/channel-bench.js';
import type { FakeSession } from './testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const sfo = channelNamed('desk.SFO');
const room = 'channel:desk.SFO';
const start = encodePosition({ epoch: 'epoch1' as Epoch, offset: 0 as Offset, id: '', time: 0 });

/** Something that ends the wish, or the right, to be subscribed. */
const endings = {
  unsubscribe: (stage: ChannelBench, session: FakeSession) => void stage.unsubscribe(session, sfo),
  disconnect: (stage: ChannelBench, session: FakeSession) => stage.disconnect(session),
  withdrawal: (stage: ChannelBench) => {
    stage.answerPolicy(false);
    stage.authorizer.withdraw({ channel: sfo });
  },
};

/** Where a subscribe can stand still. */
const places = {
  'while the policy decides': (stage: ChannelBench) => stage.holdPolicy(),
  'while the channel is opened': (stage: ChannelBench) => stage.bench.store.hold(),
  'while it reads': async (stage: ChannelBench) => {
    await stage.bench.hub.attach(sfo);
    stage.bench.hub.detach(sfo);
    stage.bench.store.hold();
  },
};

const cases = Object.keys(places).flatMap((place) =>
  Object.keys(endings).map((ending) => [ending, place] as [keyof typeof endings, keyof typeof places]),
);

describe('A subscribe that is overtaken', () => {
  let stage: ChannelBench;
  let session: FakeSession;
  beforeEach(() => {
    stage = new ChannelBench();
    stage.policy(desk, { subscribe: () => stage.policyAnswer() });
    stage.bench.store.append(sfo, 3);
    session = stage.session();
  });

  const goOn = async (): Promise<void> => {
    stage.releasePolicy();
    await settled();
    stage.bench.store.release();
    await settled();
  };

  /** Nothing holds the channel: it is let go after the time to linger. */
  const expectNothingHeld = async (): Promise<void> => {
    expect(session.rooms.size).toBe(0);
    expect(stage.subscriptions.of(session)).toEqual([]);
    await stage.bench.clock.advance(10_000);
    expect(stage.bench.hub.standing(sfo)).toBeUndefined();
  };

  it.each(cases)('by %s %s holds nothing', async (ending, place) => {
    await places[place](stage);
    const subscribed = stage.subscribe(session, sfo, start);
    await settled();
    endings[ending](stage, session);
    await goOn();
    expect(await subscribed).toMatchObject({ outcome: 'refused' });
    await expectNothingHeld();
  });

  it.each(cases.filter(([ending]) => ending !== 'withdrawal'))(
    'by %s %s leaves a later one alone',
    async (ending, place) => {
      await places[place](stage);
      const first = stage.subscribe(session, sfo, start);
      await settled();
      endings[ending](stage, session);
      if (ending === 'disconnect') session = stage.session('s2');
      const second = stage.subscribe(session, sfo, start);
      await goOn();
      expect(await first).toMatchObject({ outcome: 'refused' });
      expect(await second).toMatchObject({ outcome: 'recovered' });
      expect([...session.rooms]).toEqual([room]);
      await stage.bench.clock.advance(10_000);
      expect(stage.bench.hub.standing(sfo)).toBeDefined();
      await stage.unsubscribe(session, sfo);
      await expectNothingHeld();
    },
  );

  it.each(Object.keys(places) as (keyof typeof places)[])(
    'by a withdrawal %s goes on when the right was given back, and gets nothing before the policy has said so',
    async (place) => {
      await places[place](stage);
      const subscribed = stage.subscribe(session, sfo, start);
      await settled();
      stage.holdPolicy();
      stage.authorizer.withdraw({ channel: sfo });
      stage.bench.store.release();
      await settled();
      expect(session.rooms.size).toBe(0);
      await goOn();
      expect(await subscribed).toMatchObject({
        outcome: 'recovered',
        events: [{ offset: 1 }, { offset: 2 }, { offset: 3 }],
      });
      expect([...session.rooms]).toEqual([room]);
      expect(session.told).toEqual([]);
    },
  );

  it('by withdrawals again and again is refused for now', async () => {
    stage.policy(defineChannel('gate.:airport', { delivery: 'durable', events: { noted: event<number>() } }), {
      subscribe: () => {
        stage.authorizer.withdraw({ subject: 'ann' });
        return true;
      },
    });
    expect(await stage.subscribe(session, 'gate.SFO')).toMatchObject({ error: { code: 'BUSY', retry: 'backoff' } });
    await expectNothingHeld();
  });

  it.each(Object.keys(places) as (keyof typeof places)[])(
    'by itself %s: one subscription, two answers',
    async (place) => {
      await places[place](stage);
      const both = [stage.subscribe(session, sfo, start), stage.subscribe(session, sfo, start)];
      await goOn();
      expect(await Promise.all(both)).toMatchObject([{ outcome: 'recovered' }, { outcome: 'recovered' }]);
      await stage.unsubscribe(session, sfo);
      await expectNothingHeld();
    },
  );

  it('ends a subscription whose renewal is refused', async () => {
    await stage.subscribe(session, sfo);
    stage.answerPolicy(false);
    expect(await stage.subscribe(session, sfo)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    await expectNothingHeld();
  });

  it.each(Object.keys(places) as (keyof typeof places)[])(
    'by the loss of withdrawals %s is void, and asked again',
    async (place) => {
      await places[place](stage);
      const answer = stage.subscribe(session, sfo, place === 'while it reads' ? start : undefined);
      await settled();
      stage.authorizer.askAnew();
      await goOn();
      expect(await answer).toMatchObject({ outcome: 'refused', error: { code: 'BUSY', retry: 'backoff' } });
      await expectNothingHeld();
      stage.answerPolicy(false);
      expect(await stage.subscribe(session, sfo)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    },
  );

  it('is refused for a session that has ended', async () => {
    session.end();
    expect(await stage.subscribe(session, sfo)).toMatchObject({ error: { code: 'SESSION_ENDED' } });
    await expectNothingHeld();
  });

  it('holds nothing when the log does not answer', async () => {
    stage.bench.store.failing = true;
    expect(await stage.subscribe(session, sfo)).toMatchObject({ error: { code: 'INTERNAL' } });
    await expectNothingHeld();
    stage.bench.store.failing = false;
    expect(await stage.subscribe(session, sfo)).toMatchObject({ outcome: 'fresh' });
  });

  it('decides last by the latest attempt', async () => {
    const small = new ChannelBench({ options: { pageMaxBytes: 1 } });
    small.policy(desk, { subscribe: () => true });
    small.bench.store.append(sfo, 3);
    session = small.session();
    await small.bench.hub.attach(sfo);
    small.bench.store.hold();
    const behind = small.subscribe(session, sfo, start);
    const fresh = small.subscribe(session, sfo);
    small.bench.store.release();
    expect([(await behind).outcome, (await fresh).outcome]).toEqual(['behind', 'fresh']);
    expect([...session.rooms]).toEqual([room]);
  });
});
