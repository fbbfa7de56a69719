import { expect, it } from 'vitest';
import { FakeClock } from '../../../core/testing/fake-clock.js';
import { backlogAgeSeconds, backlogEvents, oldestXminAge } from '../../stream.metrics.js';
import { StreamGauges } from '../../stream-gauges.js';
import { MemoryRecorder } from '../memory-recorder.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function gaugesContract(harness: () => StreamHarness): void {
  it('tells how much waits, and for how long', async () => {
    const { database } = harness();
    const store = await harness().openStore();
    for (let more = true; more;) ({ more } = await store.pass([], 'wait'));
    const [clock, recorder] = [new FakeClock(), new MemoryRecorder()];
    const gauges = new StreamGauges({ database, recorder, clock, schema: '"millrace"', intervalMs: 100 });
    gauges.start();
    await store.stage(database, newEvent(newChannel()));
    await store.stage(database, newEvent(newChannel()));
    await database.query(`update millrace.outbox set staged_at = staged_at - interval '1 minute'`, []);
    await clock.advance(100);
    await gauges.stop();
    expect(recorder.valueOf(backlogEvents)).toBe(2);
    expect(recorder.valueOf(backlogAgeSeconds)).toBeGreaterThanOrEqual(60);
    expect(recorder.valueOf(oldestXminAge)).toBeGreaterThanOrEqual(0);
    expect(clock.pending).toBe(0);
    await store.pass([], 'wait');
  });
}
