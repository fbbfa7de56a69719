import { expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { silentRecorder } from '../telemetry/recorder.js';
import type { LogDigest, StreamStore } from '../stream/stream-store.port.js';
import { LogWatch } from './log-watch.js';

it('knows when it last looked, and looks that fail do not count', async () => {
  const clock = new FakeClock();
  const end = { pos: 1n, id: 'a' };
  let digest = (): Promise<LogDigest> => Promise.resolve({ outcome: 'continued', end, heads: [] });
  const store = { logEnd: () => Promise.resolve(end), digest: () => digest() } as unknown as StreamStore;
  const watch = new LogWatch(store, clock, silentRecorder, 100);
  await watch.start({ begun: () => {}, found: () => {} });
  expect(watch.lastLookAt).toBeUndefined();
  await clock.advance(100);
  const lookedAt = clock.monotonic();
  expect(watch.lastLookAt).toBe(lookedAt);
  digest = () => Promise.reject(new Error('away'));
  await clock.advance(300);
  expect(watch.lastLookAt).toBe(lookedAt);
  await watch.stop();
});
