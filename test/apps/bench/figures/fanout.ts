import { alternately, type Figure, type Measurement } from '../figure.js';
import type { Received } from '../crowd.js';
import type { Party } from '../stage.js';

const SUBSCRIBERS = 1_000;

interface Plan {
  readonly bursts: number;
  readonly size: number;
  /** Longer than servers and clients need for one, so that nothing piles up. */
  readonly everyMs: number;
}

function fanout(figure: Omit<Figure, 'kind' | 'unit'>, plan: Plan): Measurement {
  const deliveries = plan.bursts * plan.size * SUBSCRIBERS;

  async function cpuPerDelivery({ server, crowd }: Party): Promise<{ cpu: number; received: Received }> {
    const before = await server.call('cpu');
    await server.call('emit', { room: 'all', ...plan });
    const received = await crowd.call('receive', deliveries);
    return { cpu: ((await server.call('cpu')) - before) / deliveries, received };
  }

  return {
    figures: [{ ...figure, kind: 'ratio', unit: 'µs CPU/delivery' }],
    async prepare(stage) {
      const ours = await stage.party('millrace');
      const stock = await stage.party('stock');
      await ours.crowd.call('subscribe', ours.url, 'millrace', 'all', SUBSCRIBERS);
      await stock.crowd.call('subscribe', stock.url, 'stock', 'all', SUBSCRIBERS);
      return async (order) => {
        const bytes = { ours: 0, stock: 0 };
        const run = (side: 'ours' | 'stock', party: Party) => async (): Promise<number> => {
          const { cpu, received } = await cpuPerDelivery(party);
          bytes[side] = received.bytes / received.frames;
          return cpu;
        };
        const pair = await alternately(order, run('ours', ours), run('stock', stock));
        if (plan.size === 1 && Math.abs(bytes.ours / bytes.stock - 1) > 0.02) {
          throw new Error(`Not the same bytes: ${JSON.stringify(bytes)}`);
        }
        return [pair];
      };
    },
  };
}

export const fanoutSingle = fanout(
  {
    name: 'fanout-single',
    what: `fan-out to ${SUBSCRIBERS} subscribers, one event at a time`,
    against: 'socket.io with redis-adapter, the same bytes',
    limit: 1.05,
  },
  { bursts: 60, size: 1, everyMs: 50 },
);

export const fanoutBurst = fanout(
  {
    name: 'fanout-burst',
    what: `fan-out to ${SUBSCRIBERS} subscribers, ten events a tick`,
    against: 'the same burst on socket.io with redis-adapter',
    limit: 0.3,
  },
  { bursts: 15, size: 10, everyMs: 200 },
);
