import { defineChannel, defineCommand, event } from '@millrace/protocol';

export const feed = defineChannel('feed.:name', {
  delivery: 'durable',
  events: { 'feed.moved': event<FeedEvent>() },
});

export interface FeedEvent {
  readonly n: number;
  readonly padding: string;
}

export interface Order {
  readonly item: string;
  readonly count: number;
  readonly note?: string;
}

/** As many as an application has: the stock gateway has a handler for each. */
export const COMMANDS = Array.from({ length: 10 }, (_, index) => `order.place${index}`);

export const commands = COMMANDS.map((name) => defineCommand<Order, { total: number }>(name));

/** Of an event's text: what a real event has, more or less. */
export const PADDING_BYTES = 120;
