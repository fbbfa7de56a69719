import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryBroker } from '../broker/memory/memory-broker.js';
import { FaultyBroker, seededFaults, type Fault } from '../broker/testing/faulty-broker.js';
import type { OrderCheck } from '../core/order-check.js';
import { silentRecorder } from '../telemetry/recorder.js';
import { channelNamed, HubBench } from './testing/hub-bench.js';

const channels = [channelNamed('desk.SFO'), channelNamed('desk.OAK')];

interface Step {
  readonly channel: number;
  readonly count: number;
  readonly pauseMs: number;
}

const steps = fc.array(
  fc.record({
    channel: fc.nat({ max: channels.length - 1 }),
    count: fc.integer({ min: 1, max: 3 }),
    pauseMs: fc.constantFrom(0, 0, 0, 20, 60),
  }),
  { minLength: 1, maxLength: 25 },
);

/** What rooms heard of each channel and what its log holds, after a run through a broker with `faults`. */
async function run(given: readonly Step[], faults: () => Fault, checkOrder?: OrderCheck): Promise<[unknown, unknown]> {
  const broker = new FaultyBroker(new MemoryBroker(silentRecorder), faults);
  const bench = new HubBench({ broker, ...(checkOrder && { checkOrder }) });
  await bench.hub.start();
  for (const name of channels) await bench.hub.attach(name);
  for (const { channel, count, pauseMs } of given) {
    bench.publish(channels[channel]!, count);
    if (pauseMs > 0) await bench.clock.advance(pauseMs);
  }
  await bench.clock.advance(2_000);
  await bench.hub.stop();
  const heard = channels.map((name) =>
    bench.rooms.emitted.flatMap((one) =>
      one.kind === 'events' && one.frame.channel === name ? one.frame.events.map(({ id }) => id) : [],
    ),
  );
  return [heard, channels.map((name) => bench.store.eventsOf(name).map(({ id }) => id))];
}

const healed = (checkOrder?: OrderCheck) =>
  fc.asyncProperty(steps, fc.nat(), async (given, seed) => {
    const [heard, log] = await run(given, seededFaults(seed), checkOrder);
    expect(heard).toEqual(log);
  });

describe('Hub behind a faulty broker', () => {
  it.each(['lose', 'double', 'swap'] as const)('heals a broker that does nothing but %s', async (fault) => {
    const given = [1, 2, 1, 3].map((count) => ({ channel: 0, count, pauseMs: 0 }));
    const [heard, log] = await run(given, () => fault);
    expect(heard).toEqual(log);
  });

  it('gives every room its log: each event once and in order', async () => {
    await fc.assert(healed(), { numRuns: 60 });
  });

  it('would show the faults if the order check were off', async () => {
    const unchecked: OrderCheck = (_, batch) => ({ kind: 'next', batch });
    const result = await fc.check(healed(unchecked), { numRuns: 60, endOnFailure: true });
    expect(result.failed).toBe(true);
  });
});
