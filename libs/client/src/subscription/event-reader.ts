import type { WireError, WireEvent } from '@millrace/protocol';
import type { EventMeta } from './subscription.js';

export type ReadEvent =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly error: WireError; readonly cause: unknown };

/** Parses the data of one event when the first listener wants it, and then never again. */
export class EventReader {
  readonly meta: EventMeta;
  readonly #json: string;
  #read: ReadEvent | undefined;

  constructor(event: Omit<WireEvent, 'offset'>, place: Pick<EventMeta, 'offset' | 'position' | 'isRecovered'>) {
    this.meta = { type: event.type, id: event.id, time: event.time, ...place };
    this.#json = event.data;
  }

  read(): ReadEvent {
    return (this.#read ??= this.#parse());
  }

  #parse(): ReadEvent {
    try {
      return { ok: true, data: JSON.parse(this.#json) as unknown };
    } catch (cause) {
      const message = `The data of event "${this.meta.id}" is not JSON.`;
      return { ok: false, error: { code: 'EVENT_INVALID', message, retry: 'never' }, cause };
    }
  }
}
