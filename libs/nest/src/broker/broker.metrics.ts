import type { CounterMetric } from '../telemetry/recorder.js';

export const batchesDelivered = {
  kind: 'counter',
  name: 'realtime_broker_batches_delivered_total',
  help: 'Batches of numbered events that the broker brought to the hub of this node',
} as const satisfies CounterMetric;

export const batchesLost = {
  kind: 'counter',
  name: 'realtime_broker_batches_lost_total',
  help: 'Batches of numbered events that the broker could not carry; the hub reads them from the log',
} as const satisfies CounterMetric;
