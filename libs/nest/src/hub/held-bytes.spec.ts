import { expect, it } from 'vitest';
import { ByteAccount } from '../core/byte-account.js';
import { defaultHubOptions } from './hub.options.js';
import { HubBench, channelNamed } from './testing/hub-bench.js';

it('what is behind the holes of all channels together has a bound, and is read from the log where it was dropped', async () => {
  const account = new ByteAccount(20_000);
  const bench = new HubBench({ account });
  const channels = Array.from({ length: 20 }, (_, index) => channelNamed(`desk.D${index}`));
  for (const channel of channels) await bench.hub.attach(channel);
  for (const channel of channels) {
    bench.store.append(channel);
    for (let batch = 0; batch < 30; batch++) bench.hub.onBatch(bench.store.append(channel));
  }
  const held = account.of('holes');
  expect(held).toBeGreaterThan(8_000);
  expect(held).toBeLessThanOrEqual(10_000);
  await bench.clock.advance(defaultHubOptions.holdMs * 4);
  expect(account.of('holes')).toBe(0);
  expect(bench.emittedOffsets).toHaveLength(20 * 31);
  for (const channel of channels) expect(bench.hub.standing(channel)?.last.offset).toBe(31);
  bench.store.append(channels[0]!);
  bench.hub.onBatch(bench.store.append(channels[0]!));
  expect(account.of('holes')).toBeGreaterThan(0);
  await bench.hub.stop();
  expect(account.of('holes')).toBe(0);
});
