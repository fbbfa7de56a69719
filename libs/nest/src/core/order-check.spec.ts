import { describe, expect, it } from 'vitest';
import type { ChannelName, Epoch, Offset, Position } from '@millrace/protocol';
import { checkOrder, endOf } from './order-check.js';
import type { EventBatch } from './stream-event.js';

const place = (offset: number, id = `a${offset}`, epoch = 'a'): Position => ({
  epoch: epoch as Epoch,
  offset: offset as Offset,
  id,
  time: 0,
});

function batch(prev: number, ids: readonly string[], prevId = prev === 0 ? '' : `a${prev}`, epoch = 'a'): EventBatch {
  const events = ids.map((id, index) => ({
    offset: (prev + index + 1) as Offset,
    id,
    type: 'noted',
    data: '1',
    time: 7,
  }));
  return { channel: 'desk' as ChannelName, epoch: epoch as Epoch, prev: prev as Offset, prevId, events };
}

describe('checkOrder', () => {
  it.each([
    ['the next event', place(5), batch(5, ['a6', 'a7']), [6, 7]],
    ['the first event', place(0, ''), batch(0, ['a1']), [1]],
    ['the rest of an overlap', place(5), batch(3, ['a4', 'a5', 'a6']), [6]],
  ])('passes %s', (_, last, given, offsets) => {
    const found = checkOrder(last, given);
    expect(found).toMatchObject({ kind: 'next', batch: { prev: last.offset, prevId: last.id } });
    expect(found.kind === 'next' && found.batch.events.map(({ offset }) => offset)).toEqual(offsets);
  });

  it.each([
    ['old', 'all of it is known', place(5), batch(3, ['a4', 'a5'])],
    ['old', 'it lies further back', place(9), batch(3, ['a4', 'a5'])],
    ['old', 'it is empty', place(5), batch(5, [])],
    ['gap', 'events before it are missing', place(5), batch(6, ['a7'])],
    ['suspect', 'it is of another epoch', place(5), batch(5, ['a6'], 'a5', 'b')],
    ['suspect', 'the event before it has another id', place(5), batch(5, ['a6'], 'x5')],
    ['suspect', 'the event at our place has another id', place(5), batch(4, ['x5', 'x6'])],
    ['suspect', 'our place has another id at its end', place(5), batch(4, ['x5'])],
    ['suspect', 'there are events before our start', place(0, ''), batch(0, ['a1'], 'x')],
  ])('finds %s when %s', (kind, _, last, given) => {
    expect(checkOrder(last, given).kind).toBe(kind);
  });
});

describe('endOf', () => {
  it('is the last event, or the place before an empty batch', () => {
    expect(endOf(batch(3, ['a4', 'a5']))).toEqual({ epoch: 'a', offset: 5, id: 'a5', time: 7 });
    expect(endOf(batch(3, []))).toMatchObject({ offset: 3, id: 'a3' });
  });
});
