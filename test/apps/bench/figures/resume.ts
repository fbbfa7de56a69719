import { alternately, type Measurement, type Pair } from '../figure.js';

const CLIENTS = 2_000;
const MISSED = 50;

export const resume: Measurement = {
  figures: [
    {
      name: 'resume',
      what: `${CLIENTS} clients come back to ${MISSED} missed events each`,
      against: 'the same clients connecting only',
      kind: 'ratio',
      unit: 'ms',
      limit: 1.5,
    },
    {
      name: 'resume-reads',
      what: 'reads of the database for all of them',
      against: 'none',
      kind: 'difference',
      unit: 'reads',
      limit: 5,
    },
  ],
  async prepare(stage) {
    const { server, url, crowd } = await stage.party('millrace');
    const reads = async (): Promise<number> => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      const counts = metrics.matchAll(/^realtime_hub_reads_total\{source="(?:shared|log)"\} (\d+)$/gm);
      return Array.from(counts, ([, count]) => Number(count)).reduce((sum, count) => sum + count, 0);
    };
    const come = (since: string | null) => async (): Promise<number> => {
      const tookMs = await crowd.call('resume', url, CLIENTS, 'back', since, MISSED);
      await crowd.call('leave');
      return tookMs;
    };
    return async (order) => {
      const since = await crowd.call('position', url, 'back');
      await server.call('emit', { room: 'back', bursts: 1, size: MISSED, everyMs: 50 });
      const before = await reads();
      const times = await alternately(order, come(since), come(null));
      const count: Pair = { ours: (await reads()) - before, stock: 0 };
      return [times, count];
    };
  },
};
