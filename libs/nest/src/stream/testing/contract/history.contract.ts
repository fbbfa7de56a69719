import type { Epoch, Offset, Position } from '@millrace/protocol';
import { beforeAll, expect, it } from 'vitest';
import type { StreamEvent } from '../../../core/stream-event.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function historyContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  const all = { maxEvents: 1_000, maxBytes: 1_000_000 };
  beforeAll(async () => {
    store = await harness().openStore({ channelRetentionMs: { 'short.:id': 3_600_000 } });
  });

  const publish = async (channel = newChannel(), count = 3) => {
    await store.pass(
      Array.from({ length: count }, () => newEvent(channel)),
      'wait',
    );
    const page = await store.history(channel, undefined, all);
    if (page.outcome === 'unrecoverable') throw new Error('A history without a position cannot be unrecoverable');
    const at = (event: StreamEvent): Position => ({ epoch: page.head.epoch, ...event });
    return { channel, events: page.events, head: page.head, positions: page.events.map(at) };
  };
  const age = (ids: readonly string[], by: string) =>
    harness().database.query('update millrace.event set ts = ts - $2::interval where id = any($1::text[])', [ids, by]);
  const history = (channel: ReturnType<typeof newChannel>, after: Position | undefined) =>
    store.history(channel, after, all);

  it('reads all kept events without a position', async () => {
    const { events, head } = await publish();
    expect(events.map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect(head).toMatchObject({ offset: 3, id: events[2]?.id, time: events[2]?.time });
  });

  it('reads what follows a position', async () => {
    const { channel, events, positions, head } = await publish();
    expect(await history(channel, positions[0])).toMatchObject({
      outcome: 'complete',
      events: events.slice(1),
      position: head,
      head,
    });
    expect(await history(channel, positions[2])).toMatchObject({
      outcome: 'complete',
      events: [],
      position: head,
      head,
    });
  });

  it('pages by rows', async () => {
    const { channel, events, positions } = await publish(newChannel(), 5);
    const page = await store.history(channel, positions[0], { maxEvents: 2, maxBytes: 1_000 });
    expect(page).toMatchObject({ outcome: 'more', events: events.slice(1, 3), position: { offset: 3 } });
  });

  it('pages by bytes, one event at least', async () => {
    const { channel, events } = await publish(newChannel(), 5);
    const bytes = events[0]?.data.length ?? 0;
    const two = await store.history(channel, undefined, { maxEvents: 10, maxBytes: bytes + 1 });
    expect(two).toMatchObject({ outcome: 'more', events: events.slice(0, 2) });
    const one = await store.history(channel, undefined, { maxEvents: 10, maxBytes: 1 });
    expect(one).toMatchObject({ outcome: 'more', events: events.slice(0, 1) });
  });

  it('says epoch for a position of another life', async () => {
    const { channel, positions } = await publish();
    const other = { ...(positions[0] as Position), epoch: 'other' as Epoch };
    expect(await history(channel, other)).toMatchObject({ outcome: 'unrecoverable', reason: 'epoch' });
  });

  it.each([
    ['at the head', 2],
    ['before the head', 0],
  ])('says mismatch for another id %s', async (_, index) => {
    const { channel, positions } = await publish();
    const other = { ...(positions[index] as Position), id: 'other' };
    expect(await history(channel, other)).toMatchObject({ outcome: 'unrecoverable', reason: 'mismatch' });
  });

  it('says mismatch for a position beyond the head, and for an event that should be there', async () => {
    const { channel, positions, head } = await publish();
    const beyond = { ...head, offset: 4 as Offset };
    expect(await history(channel, beyond)).toMatchObject({ outcome: 'unrecoverable', reason: 'mismatch', head });
    await harness().database.query('delete from millrace.event where id = $1', [positions[0]?.id]);
    expect(await history(channel, positions[0])).toMatchObject({ outcome: 'unrecoverable', reason: 'mismatch' });
  });

  it('says expired when an event after the position is not kept any more', async () => {
    const { channel, events } = await publish(newChannel('short'));
    await age(
      events.slice(0, 2).map(({ id }) => id),
      '2 hours',
    );
    const first = events[0] as StreamEvent;
    const { epoch } = await store.head(channel);
    const position = { epoch, ...first, time: first.time - 7_200_000 };
    expect(await history(channel, position)).toMatchObject({ outcome: 'unrecoverable', reason: 'expired' });
    expect(await history(channel, undefined)).toMatchObject({ outcome: 'complete', events: [{ offset: 3 }] });
  });

  it('resumes where only the event at the position has expired', async () => {
    const { channel, events } = await publish(newChannel('short'));
    const first = events[0] as StreamEvent;
    const { epoch } = await store.head(channel);
    await harness().database.query('delete from millrace.event where id = $1', [first.id]);
    const position = { epoch, ...first, time: first.time - 7_200_000 };
    expect(await history(channel, position)).toMatchObject({
      outcome: 'complete',
      events: [{ offset: 2 }, { offset: 3 }],
    });
  });

  it('resumes a quiet channel whose last event has expired', async () => {
    const { channel, events, head } = await publish(newChannel('short'));
    await harness().database.query('delete from millrace.event where id = any($1::text[])', [
      events.map(({ id }) => id),
    ]);
    expect(await history(channel, head)).toMatchObject({ outcome: 'complete', events: [], position: head, head });
  });

  it('gives the times of the log by the millisecond, so that a position finds its event', async () => {
    const { channel, positions } = await publish();
    const [row] = await harness().database.query(
      `select count(*)::int as exact from millrace.event where channel = $1 and ts = date_trunc('milliseconds', ts)`,
      [channel],
    );
    expect(row).toEqual({ exact: 3 });
    expect(await history(channel, positions[1])).toMatchObject({ outcome: 'complete', events: [{ offset: 3 }] });
  });
}
