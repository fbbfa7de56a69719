import { defineChannel, defineCommand, event } from '@millrace/protocol';

/** One flight as the data set tells it. */
export interface Flight {
  /** Row of the data set. There is no flight number, so this is what makes two flights the same one. */
  readonly id: number;
  readonly origin: string;
  readonly destination: string;
  /** When it left, in the origin's local time: `2001-01-01T00:47`. The data set names no time zone. */
  readonly departedAt: string;
  /** How late it arrived; negative = early. */
  readonly delayMinutes: number;
  readonly distanceMiles: number;
}

/** A flight that the desk of its origin has recorded. */
export interface Departure extends Flight {
  /** Rises in the order of recording, which is not that of the rows when the feed was started at several dates. */
  readonly entry: number;
}

/** Departures of one airport as they are recorded. */
export const desk = defineChannel('desk.:airport', {
  delivery: 'durable',
  events: { 'departure.recorded': event<Departure>() },
});

/** `before`: it had been recorded already, so nothing was written or published. */
export const recordDeparture = defineCommand<Flight, { readonly recorded: 'now' | 'before' }>('departure.record');
