import { alternately, median, type Measurement } from '../figure.js';
import type { Side } from '../crowd.js';
import type { BenchStage } from '../stage.js';

const COMMITS = 400;
const EVERY_MS = 5;

/** Two servers of one side: one commits, a client of the other one hears of it. */
async function latencyOf(stage: BenchStage, side: Side): Promise<() => Promise<number>> {
  const near = await stage.server(side);
  const far = await stage.party(side);
  await far.crowd.call('subscribe', far.url, side, 'far', 1);
  return async () => {
    const committedAt = new Map(await near.server.call('commitFor', 'far', COMMITS, EVERY_MS));
    await far.crowd.call('receive', COMMITS);
    const arrivals = await far.crowd.call('takeArrivals');
    return median(arrivals.map(([n, at]) => at - (committedAt.get(n) ?? NaN)));
  };
}

export const commitToClient: Measurement = {
  figures: [
    {
      name: 'commit-to-client',
      what: 'commit → received by a client on another node, 200 tx/s, p50',
      against: 'commit, then emit by redis-adapter',
      kind: 'difference',
      unit: 'ms',
      limit: 3,
    },
  ],
  async prepare(stage) {
    const ours = await latencyOf(stage, 'millrace');
    const stock = await latencyOf(stage, 'stock');
    return async (order) => [await alternately(order, ours, stock)];
  },
};
