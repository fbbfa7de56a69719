import type { ChannelName, Epoch, Offset, Position } from '@millrace/protocol';
import type { EventBatch, StreamEvent } from '../../core/stream-event.js';

const desk = 'desk.SFO' as ChannelName;

/** The id of an event is its life's name and its offset: `a3`. */
export function eventAt(offset: number, life = 'a'): StreamEvent {
  return { offset: offset as Offset, id: `${life}${offset}`, type: 'noted', data: `${offset}`, time: offset };
}

/** Events `from` … `to` of one life of `desk.SFO`. */
export function batchOf(from: number, to = from, life = 'a'): EventBatch {
  const events = Array.from({ length: to - from + 1 }, (_, index) => eventAt(from + index, life));
  return {
    channel: desk,
    epoch: life as Epoch,
    prev: (from - 1) as Offset,
    prevId: from === 1 ? '' : `${life}${from - 1}`,
    events,
  };
}

export function placeAt(offset: number, life = 'a'): Position {
  const id = offset === 0 ? '' : `${life}${offset}`;
  return { epoch: life as Epoch, offset: offset as Offset, id, time: offset };
}
