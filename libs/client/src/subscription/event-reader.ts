import { encodePosition, type Position, type WireError, type WireEvent } from '@millrace/protocol';
import type { EventMeta } from './subscription.js';

export type ReadEvent =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly error: WireError; readonly cause: unknown };

/** Parses the data of one event when the first listener wants it, and then never again. */
export class EventReader {
  readonly meta: EventMeta;
  readonly #json: string;
  #read: ReadEvent | undefined;

  /** `position`: of an event on a durable channel. */
  constructor({ type, id, time, data }: Omit<WireEvent, 'offset'>, isRecovered: boolean, position?: Position) {
    const place = position && { offset: position.offset, position: encodePosition(position) };
    this.meta = { type, id, time, ...place, isRecovered };
    this.#json = data;
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
