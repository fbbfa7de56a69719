import { RealtimeError } from '../realtime-error.js';
import { sdkError } from '../sdk-errors.js';

/** More are not kept for a loop that handles them too slowly. */
export const MAX_WAITING_EVENTS = 1_000;

/** Events of a subscription for a `for await` loop, which takes the next one when it is done with the last. */
export class EventIterator<Event> implements AsyncIterableIterator<Event> {
  #waiting: Event[] = [];
  #end: { readonly error?: RealtimeError } | undefined;
  /** Calls of `next()` that found nothing. */
  #calls: (() => void)[] = [];

  constructor(private readonly onEnd: (iterator: EventIterator<Event>) => void) {}

  push(event: Event): void {
    if (this.#waiting.length < MAX_WAITING_EVENTS) this.#waiting.push(event);
    else {
      // The loop goes on from the last event that it handled, so what waits is not lost.
      this.#waiting = [];
      this.end(new RealtimeError(sdkError('EVENTS_WAITING')));
    }
    this.#wake();
  }

  /** What waits is handed over before the loop ends, or throws `error`. */
  end(error?: RealtimeError): void {
    if (this.#end) return;
    this.#end = error ? { error } : {};
    this.onEnd(this);
    this.#wake();
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      const [event] = this.#waiting.splice(0, 1);
      if (event !== undefined) return { done: false, value: event };
      if (this.#end) return this.#ended();
      await new Promise<void>((resolve) => this.#calls.push(resolve));
    }
  }

  /** The loop was left. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.#waiting = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The error is thrown once. */
  #ended(): IteratorResult<Event, undefined> {
    const error = this.#end?.error;
    this.#end = {};
    if (error) throw error;
    return { done: true, value: undefined };
  }

  #wake(): void {
    for (const call of this.#calls.splice(0)) call();
  }
}
