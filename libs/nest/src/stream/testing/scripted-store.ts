import type { Epoch, Offset } from '@millrace/protocol';
import type { EventBatch, NewEvent } from '../../core/stream-event.js';
import type { DirectResult, PassResult, StreamStore } from '../stream-store.port.js';

export interface PassCall {
  readonly direct: readonly NewEvent[];
  readonly mode: 'wait' | 'try';
  /** Ends the pass; by default every publish is stored. */
  answer(result?: Partial<PassResult>): void;
  fail(error: Error): void;
}

/** Passes that end when, and as, a test says. */
export class ScriptedStore implements Pick<StreamStore, 'pass'> {
  readonly calls: PassCall[] = [];
  #offset = 0;

  pass(direct: readonly NewEvent[], mode: 'wait' | 'try'): Promise<PassResult> {
    return new Promise((resolve, reject) => {
      this.calls.push({
        direct,
        mode,
        answer: (result = {}) =>
          resolve({
            ran: true,
            more: false,
            batches: [],
            direct: direct.map((event) => this.#store(event)),
            ...result,
          }),
        fail: reject,
      });
    });
  }

  get last(): PassCall {
    const call = this.calls.at(-1);
    if (!call) throw new Error('No pass was asked for');
    return call;
  }

  #store({ id }: NewEvent): DirectResult {
    return { kind: 'stored', id, epoch: 'e' as Epoch, offset: ++this.#offset as Offset };
  }
}

export function batchOf(...events: readonly NewEvent[]): EventBatch {
  const [first] = events;
  if (!first) throw new Error('A batch has an event');
  return {
    channel: first.channel,
    epoch: 'e' as Epoch,
    prev: 0 as Offset,
    prevId: '',
    events: events.map(({ id, type, data }, index) => ({ offset: (index + 1) as Offset, id, type, data, time: 0 })),
  };
}
