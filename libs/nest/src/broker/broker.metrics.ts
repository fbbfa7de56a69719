import type { CounterMetric, HistogramMetric } from '../telemetry/recorder.js';

export const batchesDelivered = {
  kind: 'counter',
  name: 'realtime_broker_batches_delivered_total',
  help: 'Batches of numbered events that the broker brought to the hub of this node, by who numbered them: this node or another one',
  labels: { from: ['own', 'other'] },
} as const satisfies CounterMetric;

export const brokerLagSeconds = {
  kind: 'histogram',
  name: 'realtime_broker_lag_seconds',
  help: 'Time from the numbering of a batch by another node to its arrival over Redis, by the clock of the database, which this node knows to within half a round trip',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
} as const satisfies HistogramMetric;

export const batchesSent = {
  kind: 'counter',
  name: 'realtime_broker_batches_sent_total',
  help: 'Batches of numbered events that this node gave to Redis for the other nodes, those that were lost included',
} as const satisfies CounterMetric;

export const batchesLost = {
  kind: 'counter',
  name: 'realtime_broker_batches_lost_total',
  help: 'Batches of numbered events that the broker could not carry; the hub reads them from the log. Not taken by Redis, of a form that this release cannot read, or failed in the hub',
  labels: { reason: ['unsent', 'unreadable', 'failed'] },
} as const satisfies CounterMetric;
