import { COMMANDS } from '../contracts.js';
import { alternately, type Measurement } from '../figure.js';
import type { Party } from '../stage.js';

const CONNECTIONS = 1_000;

export const memory: Measurement = {
  figures: [
    {
      name: 'memory',
      what: `an idle connection, ${COMMANDS.length} commands declared`,
      against: `a Nest gateway with ${COMMANDS.length} handlers`,
      kind: 'ratio',
      unit: 'bytes kept/connection',
      limit: 0.5,
    },
  ],
  async prepare(stage) {
    const ours = await stage.party('millrace');
    const stock = await stage.party('stock');
    const keptPerConnection =
      ({ server, crowd, url }: Party) =>
      async (): Promise<number> => {
        const before = await server.call('kept');
        await crowd.call('connect', url, CONNECTIONS);
        const kept = (await server.call('kept')) - before;
        await crowd.call('leave');
        return kept / CONNECTIONS;
      };
    return async (order) => [await alternately(order, keptPerConnection(ours), keptPerConnection(stock))];
  },
};
