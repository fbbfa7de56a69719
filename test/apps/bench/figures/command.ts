import { alternately, type Measurement } from '../figure.js';
import type { Side } from '../crowd.js';
import type { Party } from '../stage.js';

const CONNECTIONS = 50;
const COMMANDS = 15_000;
const IN_FLIGHT = 100;

export const command: Measurement = {
  figures: [
    {
      name: 'command',
      what: 'a command with guard and DTO',
      against: 'a Nest gateway with guard and ValidationPipe',
      kind: 'ratio',
      unit: 'µs CPU/command',
      limit: 0.6,
    },
  ],
  async prepare(stage) {
    const ours = await stage.party('millrace');
    const stock = await stage.party('stock');
    for (const { crowd, url } of [ours, stock]) await crowd.call('connect', url, CONNECTIONS);
    const cpuPerCommand =
      (side: Side, { server, crowd }: Party) =>
      async (): Promise<number> => {
        const before = await server.call('cpu');
        await crowd.call('command', side, COMMANDS, IN_FLIGHT);
        return ((await server.call('cpu')) - before) / COMMANDS;
      };
    return async (order) => [await alternately(order, cpuPerCommand('millrace', ours), cpuPerCommand('stock', stock))];
  },
};
