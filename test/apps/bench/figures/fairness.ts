import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure, Measurement, Pair } from '../figure.js';
import type { Times } from '../visitor.js';

const FOR_MS = 3_000;
/** By then the flood has taken whatever it can get. */
const SETTLES_MS = 2_000;
const FLOOD_SESSIONS = 5;
const kinds = ['command', 'subscribe', 'history'] as const;

const figureOf = (kind: (typeof kinds)[number], name: string): Figure => ({
  name,
  what: `${kind} of one client while another one floods, p99`,
  against: 'the same without the flood',
  kind: 'ratio',
  unit: 'ms',
  limit: 2,
});

const p99 = (times: readonly number[]): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? NaN;

/** `ours`: with the flood; `stock`: quiet. The first figure has the name by which all of them are chosen. */
export const fairness: Measurement = {
  figures: [
    figureOf('command', 'fairness'),
    figureOf('subscribe', 'fairness-subscribe'),
    figureOf('history', 'fairness-history'),
  ],
  async prepare(stage) {
    const url = await stage.fairnessServer();
    const [victim, flood] = [await stage.visitor(), await stage.visitor()];
    await victim.call('connect', url, 'victim', 1);
    await flood.call('connect', url, 'flood', FLOOD_SESSIONS);
    const quiet = (): Promise<Times> => victim.call('measure', FOR_MS);
    const flooded = async (): Promise<Times> => {
      await flood.call('startFlood');
      await sleep(SETTLES_MS);
      const times = await victim.call('measure', FOR_MS);
      await flood.call('stopFlood');
      return times;
    };
    return async (order) => {
      const first = order === 'ours first' ? await flooded() : undefined;
      const stock = await quiet();
      const ours = first ?? (await flooded());
      return kinds.map((kind): Pair => ({ ours: p99(ours[kind]), stock: p99(stock[kind]) }));
    };
  },
};
