import {
  defineChannel,
  encodePosition,
  event,
  type Epoch,
  type Offset,
  type SubscribeAnswer,
} from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settled } from '../core/testing/fake-clock.js';
import { channelNamed } from '../hub/testing/hub-bench.js';
import { resumesUnrecoverable } from './channel.metrics.js';
import { ChannelBench } from './testing/channel-bench.js';
import { merged, type FakeSession } from './testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const watching = defineChannel('watching.:airport', { delivery: 'live', events: { looked: event<string>() } });
const sfo = channelNamed('desk.SFO');
const room = 'channel:desk.SFO';

describe('Subscriber', () => {
  let stage: ChannelBench;
  let session: FakeSession;

  const start = async (options?: ConstructorParameters<typeof ChannelBench>[0]): Promise<void> => {
    stage = new ChannelBench(options);
    stage.policy(desk, { subscribe: () => true });
    stage.policy(watching, { subscribe: () => true });
    session = stage.session();
    await stage.bench.hub.start();
  };
  beforeEach(() => start());
  afterEach(() => stage.bench.hub.stop());

  const at = (offset: number): string => {
    const { id = '', time = 0 } = stage.bench.store.eventsOf(sfo)[offset - 1] ?? {};
    return encodePosition({ epoch: 'epoch1' as Epoch, offset: offset as Offset, id, time });
  };

  it('answers fresh at the head and delivers what follows', async () => {
    stage.bench.publish(sfo, 2);
    const answer = await stage.subscribe(session, sfo);
    expect(answer).toEqual({ sid: 1, outcome: 'fresh', position: at(2), events: [] });
    stage.bench.publish(sfo);
    await settled();
    expect(session.offsets).toEqual([3]);
  });

  it('recovers what was missed', async () => {
    stage.bench.publish(sfo, 5);
    const answer = await stage.subscribe(session, sfo, at(3));
    expect(answer).toMatchObject({ outcome: 'recovered', position: at(5), events: [{ offset: 4 }, { offset: 5 }] });
    expect([...session.rooms]).toEqual([room]);
  });

  it('recovers nothing at the head without a read', async () => {
    stage.bench.publish(sfo, 5);
    expect(await stage.subscribe(session, sfo, at(5))).toMatchObject({ outcome: 'recovered', events: [] });
    expect(stage.bench.store.reads).toBe(0);
  });

  it.each([
    ['expired', (): void => stage.bench.store.expire(sfo, 4), (): string => at(2)],
    ['epoch', (): void => stage.bench.store.rewind(sfo, 4), (): string => at(2)],
    ['mismatch', (): void => {}, (): string => at(2).replace('.e2.', '.other.')],
  ] as const)('subscribes at the head after an unrecoverable position: %s', async (reason, change, since) => {
    stage.bench.publish(sfo, 5);
    change();
    const answer = await stage.subscribe(session, sfo, since());
    expect(answer).toMatchObject({ outcome: 'unrecoverable', reason, events: [] });
    const lost = (['expired', 'epoch', 'mismatch'] as const).filter(
      (why) => stage.recorder.valueOf(resumesUnrecoverable, { reason: why }) > 0,
    );
    expect(lost).toEqual([reason]);
    expect([...session.rooms]).toEqual([room]);
  });

  it('pages one who is far behind, and lets him join at the head only', async () => {
    await start({ options: { pageMaxEvents: 4 } });
    stage.bench.store.append(sfo, 10);
    const seen: number[] = [];
    const outcomes: string[] = [];
    let since = at(0);
    for (let page = 0; page < 3; page++) {
      const answer = await stage.subscribe(session, sfo, since);
      if (answer.outcome === 'refused' || answer.outcome === 'live') throw new Error(answer.outcome);
      seen.push(...answer.events.map(({ offset }) => offset));
      outcomes.push(`${answer.outcome} ${session.rooms.size}`);
      since = answer.position;
    }
    expect(outcomes).toEqual(['behind 0', 'behind 0', 'recovered 1']);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('cuts a page by bytes too, and leaves the room again', async () => {
    await start({ options: { pageMaxBytes: 300 } });
    stage.bench.store.append(sfo, 5);
    const answer = await stage.subscribe(session, sfo, at(0));
    expect(answer).toMatchObject({ outcome: 'behind', position: at(2) });
    expect(session.rooms.size).toBe(0);
  });

  it.each([1, 2, 3])('loses nothing that is published while it reads (%i turns in)', async (turns) => {
    stage.bench.publish(sfo, 3);
    stage.bench.store.hold();
    const subscribed = stage.subscribe(session, sfo, at(1));
    for (let turn = 0; turn < turns; turn++) {
      await settled();
      stage.bench.publish(sfo);
      // The event leaves for the room before the read ends.
      await settled();
      stage.bench.store.release();
      stage.bench.store.hold();
    }
    await settled();
    stage.bench.store.release();
    const answer = await subscribed;
    stage.bench.publish(sfo);
    await settled();
    expect(answer.outcome).toBe('recovered');
    const events = merged(answer as Extract<SubscribeAnswer, { position: string }>, session);
    expect(events).toEqual(
      stage.bench.store
        .eventsOf(sfo)
        .slice(1)
        .map(({ offset }) => offset),
    );
  });

  it('does not share a read that began before it joined', async () => {
    await start({ hub: { recentMaxBytes: 0 } });
    stage.bench.publish(sfo, 3);
    await stage.bench.hub.attach(sfo);
    stage.bench.store.hold();
    const early = stage.subscribe(stage.session('s0'), sfo, at(1));
    await settled();
    // Emitted before our session joins, and behind what the running read has seen.
    stage.bench.publish(sfo);
    await settled();
    const late = stage.subscribe(session, sfo, at(1));
    await settled();
    stage.bench.store.release();
    expect(await early).toMatchObject({ position: at(3) });
    expect(await late).toMatchObject({ outcome: 'recovered', position: at(4) });
    expect(session.offsets).toEqual([]);
  });

  it('starts over when the room was put on another place while it read', async () => {
    stage.bench.publish(sfo, 3);
    await stage.bench.hub.attach(sfo);
    stage.bench.store.hold();
    const subscribed = stage.subscribe(session, sfo, at(1));
    await settled();
    stage.subscriptions.lagging(sfo);
    expect(session.rooms.size).toBe(0);
    stage.bench.store.release();
    expect(await subscribed).toMatchObject({ outcome: 'recovered' });
    expect([...session.rooms]).toEqual([room]);
    await settled();
    expect(session.told).toEqual([]);
  });

  it('joins a live channel without a log', async () => {
    expect(await stage.subscribe(session, 'watching.SFO')).toEqual({ sid: 1, outcome: 'live' });
    stage.bench.hub.live(channelNamed('watching.SFO'), { id: 'a', type: 'looked', data: '"x"', time: 1 });
    await settled();
    expect(session.frames).toHaveLength(1);
    expect(await stage.subscribe(session, 'watching.SFO', at(0))).toMatchObject({ error: { code: 'NOT_DURABLE' } });
  });
});
