import { describe, expect, it } from 'vitest';
import type { CounterMetric } from '../../telemetry/recorder.js';
import { silentRecorder } from '../../telemetry/recorder.js';
import { batchesLost } from '../broker.metrics.js';
import { describeBroker } from '../testing/broker.contract.js';
import { batchOf } from '../../hub/testing/batches.js';
import { MemoryBroker } from './memory-broker.js';

describeBroker('memory', () => {
  const broker = new MemoryBroker(silentRecorder);
  return Promise.resolve({ publisher: broker, subscriber: broker });
});

describe('MemoryBroker', () => {
  it('counts a batch that the hub threw at, and goes on', async () => {
    const counted: CounterMetric[] = [];
    const broker = new MemoryBroker({ ...silentRecorder, count: (metric) => void counted.push(metric) });
    await broker.start(() => {
      throw new Error('broken');
    });
    await broker.subscribe(batchOf(1).channel);
    broker.publish([batchOf(1), batchOf(2)]);
    expect(counted).toEqual([batchesLost, batchesLost]);
  });
});
