import type { CounterMetric, GaugeMetric, HistogramMetric } from '../telemetry/recorder.js';

export const passes = {
  kind: 'counter',
  name: 'realtime_stream_passes_total',
  help: 'Sequencing passes of this node; busy = another node held the lock',
  labels: { outcome: ['ran', 'busy', 'failed'] },
} as const satisfies CounterMetric;

export const passSeconds = {
  kind: 'histogram',
  name: 'realtime_stream_pass_seconds',
  help: 'Time of a sequencing pass, its wait for the lock included',
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
} as const satisfies HistogramMetric;

export const eventsNumbered = {
  kind: 'counter',
  name: 'realtime_stream_events_numbered_total',
  help: 'Events that this node gave an offset',
  labels: { origin: ['staged', 'direct'] },
} as const satisfies CounterMetric;

export const publishesWaiting = {
  kind: 'gauge',
  name: 'realtime_stream_waiting_publishes',
  help: 'Events published outside a transaction that wait for their offset on this node',
} as const satisfies GaugeMetric;

export const publishesRefused = {
  kind: 'counter',
  name: 'realtime_stream_publishes_refused_total',
  help: 'Events published outside a transaction that were not stored, as far as this node can tell',
  labels: { reason: ['overloaded', 'invalid', 'unavailable', 'stopped'] },
} as const satisfies CounterMetric;

export const deadLetters = {
  kind: 'counter',
  name: 'realtime_stream_dead_letters_total',
  help: 'Staged events that could not be numbered and were set aside in the table dead_letter',
} as const satisfies CounterMetric;

export const batchesUnread = {
  kind: 'counter',
  name: 'realtime_stream_batches_unread_total',
  help: 'Passes whose events could not be read back for the broker; subscribers get them by repair',
} as const satisfies CounterMetric;

export const backlogEvents = {
  kind: 'gauge',
  name: 'realtime_stream_backlog_events',
  help: 'Staged events that wait for their offset, counted up to 100000',
} as const satisfies GaugeMetric;

export const backlogAgeSeconds = {
  kind: 'gauge',
  name: 'realtime_stream_backlog_age_seconds',
  help: 'Age of the oldest staged event',
} as const satisfies GaugeMetric;

export const partitionsAhead = {
  kind: 'gauge',
  name: 'realtime_stream_partitions_ahead_days',
  help: 'Daily partitions after the one of today; alarm below 2: without a partition nothing can be numbered',
} as const satisfies GaugeMetric;

export const oldestXminAge = {
  kind: 'gauge',
  name: 'realtime_stream_oldest_xmin_age_transactions',
  help: 'Transactions since the oldest snapshot that this role can see; a high one keeps dead rows and slows the pass',
} as const satisfies GaugeMetric;

export const clockSkew = {
  kind: 'gauge',
  name: 'realtime_stream_clock_skew_seconds',
  help: 'How far the wall clock of this host was ahead of the database’s when it was last compared; below 0 it is behind',
} as const satisfies GaugeMetric;

export const partitionCare = {
  kind: 'counter',
  name: 'realtime_stream_partition_care_total',
  help: 'Rounds of partition care',
  labels: { outcome: ['done', 'failed'] },
} as const satisfies CounterMetric;

export const partitionsDropped = {
  kind: 'counter',
  name: 'realtime_stream_partitions_dropped_total',
  help: 'Partitions that this node dropped because their retention ended',
} as const satisfies CounterMetric;
