import { alternately, type Measurement } from '../figure.js';

const FOR_MS = 2_000;
const IN_FLIGHT = 256;

export const publish: Measurement = {
  figures: [
    {
      name: 'publish',
      what: `a direct publish, ${IN_FLIGHT} in flight`,
      against: 'one row a commit, one after another',
      kind: 'ratio',
      unit: 'µs/event',
      limit: 0.1,
    },
  ],
  async prepare(stage) {
    const ours = await stage.server('millrace');
    const stock = await stage.server('stock');
    const timePerEvent = (server: typeof ours.server) => async (): Promise<number> =>
      (FOR_MS * 1_000) / (await server.call('publishFor', FOR_MS, IN_FLIGHT));
    return async (order) => [await alternately(order, timePerEvent(ours.server), timePerEvent(stock.server))];
  },
};
