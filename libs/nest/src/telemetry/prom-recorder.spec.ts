import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PromRecorder } from './prom-recorder.js';

const dropped = {
  kind: 'counter',
  name: 'realtime_hub_dropped_total',
  help: 'Events dropped',
  labels: { reason: ['old', 'double'] },
} as const;
const open = { kind: 'gauge', name: 'realtime_session_open_sessions', help: 'Sessions' } as const;
const took = { kind: 'histogram', name: 'realtime_stream_pass_seconds', help: 'Passes', buckets: [0.1, 1] } as const;

describe('the Prometheus recorder', () => {
  it('shows what was counted, set and observed', async () => {
    const recorder = new PromRecorder([dropped, open, took]);
    recorder.count(dropped, { reason: 'old' }, 3);
    recorder.set(open, {}, 5);
    recorder.observe(took, {}, 0.5);
    const lines = (await recorder.text()).split('\n');
    expect(lines).toContain('realtime_hub_dropped_total{reason="old"} 3');
    expect(lines).toContain('realtime_session_open_sessions 5');
    expect(lines).toContain('realtime_stream_pass_seconds_bucket{le="1"} 1');
    expect(recorder.contentType).toContain('text/plain');
  });

  it('shows every series of a counter before it counts, so that a first increment is an increase', async () => {
    const lines = (await new PromRecorder([dropped]).text()).split('\n');
    expect(lines).toContain('realtime_hub_dropped_total{reason="double"} 0');
  });

  it('refuses a metric that no catalogue has', () => {
    expect(() => new PromRecorder([open]).count(dropped, { reason: 'old' })).toThrow(/not in the catalogue/);
  });

  it('keeps two applications in one process apart', async () => {
    const [one, other] = [new PromRecorder([open]), new PromRecorder([open])];
    one.set(open, {}, 1);
    expect(await other.text()).not.toContain('realtime_session_open_sessions 1');
  });

  it('shows how long the event loop was held up since it was last asked', async () => {
    const recorder = new PromRecorder([]);
    const longest = async (): Promise<number> =>
      Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await recorder.text())?.[1]);
    await setTimeout(30);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await setTimeout(30);
    expect(await longest()).toBeGreaterThan(0.25);
    await setTimeout(30);
    expect(await longest()).toBeLessThan(0.25);
  });
});
