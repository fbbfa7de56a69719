import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { silentRecorder, type Recorder } from '../telemetry/recorder.js';
import { recentBytes } from './hub.metrics.js';
import { defaultHubOptions, type HubOptions } from './hub.options.js';
import { RecentEvents } from './recent-events.js';
import { channelNamed } from './testing/hub-bench.js';
import { batchOf, eventAt, placeAt } from './testing/batches.js';

const desk = batchOf(1).channel;
const other = channelNamed('desk.OAK');
/** What one event of these tests counts. */
const EVENT_BYTES = 128;

describe('RecentEvents', () => {
  let clock: FakeClock;
  let recent: RecentEvents;
  let bytes: number;
  const start = (options: Partial<HubOptions> = {}): void => {
    clock = new FakeClock();
    const recorder: Recorder = {
      ...silentRecorder,
      set: (metric, _, value) => {
        if (metric.name === recentBytes.name) bytes = value;
      },
    };
    recent = new RecentEvents(clock, recorder, { ...defaultHubOptions, ...options });
  };
  beforeEach(() => start());

  const offsets = (from: number, to: number, life?: string): number[] | undefined =>
    recent.between(desk, placeAt(from, life), placeAt(to, life))?.map(({ offset }) => Number(offset));

  it('knows what was emitted, from the place before it to the last', () => {
    recent.append(batchOf(3, 4));
    recent.append(batchOf(5, 6));
    expect(offsets(2, 6)).toEqual([3, 4, 5, 6]);
    expect(offsets(4, 6)).toEqual([5, 6]);
    expect(offsets(6, 6)).toEqual([]);
  });

  it.each([-9, 9])('ages by time that passes: the wall clock steps by %d days', async (days) => {
    start({ recentMaxAgeMs: 1_000 });
    recent.append(batchOf(3, 4));
    clock.step(days * 86_400_000);
    await clock.advance(1_000);
    expect(offsets(2, 4)).toEqual([3, 4]);
    await clock.advance(1);
    expect(offsets(2, 4)).toBeUndefined();
  });

  it('does not answer for other places', () => {
    recent.append(batchOf(3, 6));
    expect(offsets(1, 6)).toBeUndefined();
    expect(offsets(7, 6)).toBeUndefined();
    expect(offsets(3, 5)).toBeUndefined();
    expect(offsets(3, 6, 'b')).toBeUndefined();
    expect(recent.between(desk, { ...placeAt(4), id: 'x' }, placeAt(6))).toBeUndefined();
    expect(recent.between(desk, { ...placeAt(2), id: 'x' }, placeAt(6))).toBeUndefined();
    expect(recent.between(other, placeAt(2), placeAt(6))).toBeUndefined();
  });

  it('starts anew after a hole and in another life', () => {
    recent.append(batchOf(3, 4));
    recent.append(batchOf(6, 6));
    expect(offsets(3, 6)).toBeUndefined();
    expect(offsets(5, 6)).toEqual([6]);
    recent.append(batchOf(7, 7, 'b'));
    expect(offsets(6, 7, 'b')).toEqual([7]);
    expect(bytes).toBe(EVENT_BYTES);
  });

  it('takes a page of the log that leads up to it', () => {
    recent.append(batchOf(5, 6));
    expect(bytes).toBe(2 * EVENT_BYTES);
    recent.offer(desk, placeAt(1), batchOf(2, 6).events, placeAt(6));
    expect(offsets(1, 6)).toEqual([2, 3, 4, 5, 6]);
    recent.offer(other, placeAt(1), batchOf(2, 6).events, placeAt(6));
    expect(recent.between(other, placeAt(4), placeAt(6))).toEqual([eventAt(5), eventAt(6)]);
    expect(bytes).toBe(10 * EVENT_BYTES);
  });

  it('takes no page that does not', () => {
    recent.append(batchOf(5, 6));
    recent.offer(desk, placeAt(1), batchOf(2, 3).events, placeAt(6));
    recent.offer(desk, placeAt(1, 'b'), batchOf(2, 4, 'b').events, placeAt(6));
    recent.offer(desk, placeAt(1), [...batchOf(2, 3).events, eventAt(4, 'x')], placeAt(6));
    expect(offsets(3, 6)).toBeUndefined();
    expect(offsets(4, 6)).toEqual([5, 6]);
  });

  it('forgets the oldest events of a channel at its bound', () => {
    start({ recentMaxChannelBytes: 2 * EVENT_BYTES });
    recent.append(batchOf(1, 5));
    expect(offsets(2, 5)).toBeUndefined();
    expect(offsets(3, 5)).toEqual([4, 5]);
    expect(bytes).toBe(2 * EVENT_BYTES);
  });

  it('forgets the channel that was not used for longest at the bound of all', () => {
    start({ recentMaxBytes: 3 * EVENT_BYTES });
    const quiet = channelNamed('desk.JFK');
    recent.append({ ...batchOf(1), channel: quiet });
    recent.append(batchOf(1));
    recent.append({ ...batchOf(1), channel: other });
    expect(recent.between(quiet, placeAt(0), placeAt(1))).toHaveLength(1);
    recent.append({ ...batchOf(2), channel: other });
    expect(offsets(0, 1)).toBeUndefined();
    expect(recent.between(quiet, placeAt(0), placeAt(1))).toHaveLength(1);
    expect(bytes).toBe(3 * EVENT_BYTES);
  });

  it('keeps nothing longer than its time', async () => {
    recent.append(batchOf(1, 2));
    await clock.advance(40_000);
    recent.append(batchOf(3));
    await clock.advance(30_000);
    expect(offsets(1, 3)).toBeUndefined();
    expect(offsets(2, 3)).toEqual([3]);
    recent.drop(desk);
    expect(bytes).toBe(0);
  });
});
