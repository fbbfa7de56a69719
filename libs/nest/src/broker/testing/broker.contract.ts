import type { ChannelName, Epoch, Offset } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventBatch } from '../../core/stream-event.js';
import type { Broker } from '../broker.port.js';

/** Two nodes on one broker; a broker that lives in one process gives the same object twice. */
export interface BrokerPair {
  readonly publisher: Broker;
  readonly subscriber: Broker;
}

const desk = 'desk.SFO' as ChannelName;
const gate = 'gate.SFO' as ChannelName;

const batch = (channel: ChannelName, offset: number): EventBatch => ({
  channel,
  epoch: 'epoch-1' as Epoch,
  prev: (offset - 1) as Offset,
  prevId: offset === 1 ? '' : `id-${offset - 1}`,
  events: [
    { offset: offset as Offset, id: `id-${offset}`, type: 'noted', data: '{"text":"→ ü"}', time: 1_700_000_000_000 },
  ],
});

/** What every broker keeps to. Loss, doubles and swaps are allowed in general, but not while nothing is wrong. */
export function describeBroker(name: string, connect: () => Promise<BrokerPair>): void {
  describe(`Broker: ${name}`, () => {
    let pair: BrokerPair;
    let delivered: EventBatch[];
    beforeEach(async () => {
      pair = await connect();
      delivered = [];
      await pair.publisher.start((one) => void (pair.publisher === pair.subscriber && delivered.push(one)));
      if (pair.publisher !== pair.subscriber) await pair.subscriber.start((one) => void delivered.push(one));
    });
    afterEach(async () => {
      await pair.publisher.stop();
      await pair.subscriber.stop();
    });

    const arrived = (offsets: readonly number[]): Promise<void> =>
      vi.waitFor(() => expect(delivered.map(({ prev }) => prev + 1)).toEqual(offsets), { timeout: 2_000 });

    it('delivers whole batches, in order, once the subscription is confirmed', async () => {
      await pair.subscriber.subscribe(desk);
      pair.publisher.publish([batch(desk, 1)]);
      pair.publisher.publish([batch(desk, 2), batch(desk, 3)]);
      await arrived([1, 2, 3]);
      expect(delivered[0]).toEqual(batch(desk, 1));
    });

    it('delivers only channels that are subscribed', async () => {
      await pair.subscriber.subscribe(desk);
      pair.publisher.publish([batch(gate, 1), batch(desk, 2)]);
      await arrived([2]);
    });

    it('takes a second subscribe for the same one', async () => {
      await pair.subscriber.subscribe(desk);
      await pair.subscriber.subscribe(desk);
      pair.publisher.publish([batch(desk, 1)]);
      await arrived([1]);
      pair.subscriber.unsubscribe(desk);
      await pair.subscriber.subscribe(gate);
      pair.publisher.publish([batch(desk, 2), batch(gate, 3)]);
      await arrived([1, 3]);
    });

    it('forgets an unsubscribe of what was not subscribed', async () => {
      pair.subscriber.unsubscribe(desk);
      await pair.subscriber.subscribe(desk);
      pair.publisher.publish([batch(desk, 1)]);
      await arrived([1]);
    });

    it('never throws into the publisher, also after its end', async () => {
      await pair.publisher.stop();
      expect(() => pair.publisher.publish([batch(desk, 1)])).not.toThrow();
      expect(delivered).toEqual([]);
    });
  });
}
