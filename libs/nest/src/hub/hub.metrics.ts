import type { CounterMetric, GaugeMetric, HistogramMetric } from '../telemetry/recorder.js';
import { followCounts } from './follow-state.js';

export const channelsFollowed = {
  kind: 'gauge',
  name: 'realtime_hub_followed_channels',
  help: 'Channels that this node follows, that of withdrawals included',
} as const satisfies GaugeMetric;

export const eventsEmitted = {
  kind: 'counter',
  name: 'realtime_hub_events_emitted_total',
  help: 'Events handed to rooms, once an event whatever the size of the room',
  labels: { delivery: ['durable', 'live'] },
} as const satisfies CounterMetric;

export const framesEmitted = {
  kind: 'counter',
  name: 'realtime_hub_frames_emitted_total',
  help: 'Frames that carried them; fewer than events when bursts share a frame',
  labels: { delivery: ['durable', 'live'] },
} as const satisfies CounterMetric;

export const eventsDelivered = {
  kind: 'counter',
  name: 'realtime_hub_events_delivered_total',
  help: 'Events times the sessions of this node that they were sent to: the volume of the fan-out',
  labels: { delivery: ['durable', 'live'] },
} as const satisfies CounterMetric;

export const deliverSeconds = {
  kind: 'histogram',
  name: 'realtime_hub_deliver_seconds',
  help: 'Time from the numbering of an event, right before its commit, to its emission on this node, by the clock of the database, which this node knows to within half a round trip',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const satisfies HistogramMetric;

export const orderChecks = {
  kind: 'counter',
  name: 'realtime_hub_order_checks_total',
  help: 'What the order check came upon: duplicates dropped, gaps found, healed by themselves, repaired from the log',
  labels: { result: followCounts },
} as const satisfies CounterMetric;

export const repairsFailed = {
  kind: 'counter',
  name: 'realtime_hub_repairs_failed_total',
  help: 'Reads of a hole that failed and are tried again',
} as const satisfies CounterMetric;

export const roomsInterrupted = {
  kind: 'counter',
  name: 'realtime_hub_rooms_interrupted_total',
  help: 'Times all subscribers of a channel had to subscribe again, by why',
  labels: { reason: ['lagging', 'expired', 'epoch', 'mismatch', 'failed'] },
} as const satisfies CounterMetric;

export const batchesGuarded = {
  kind: 'counter',
  name: 'realtime_hub_batches_guarded_total',
  help: 'Batches that came before a withdrawal of access that was numbered before them: held until it is carried out, or dropped at the bound and read from the log',
  labels: { result: ['held', 'dropped'] },
} as const satisfies CounterMetric;

export const guardedBytes = {
  kind: 'gauge',
  name: 'realtime_hub_guarded_bytes',
  help: 'Bytes of batches that wait for a withdrawal of access to be carried out on this node',
} as const satisfies GaugeMetric;

export const digestsTaken = {
  kind: 'counter',
  name: 'realtime_hub_digests_total',
  help: 'Looks into the log for what the broker lost',
  labels: { outcome: ['continued', 'rewound', 'failed'] },
} as const satisfies CounterMetric;

export const readsAnswered = {
  kind: 'counter',
  name: 'realtime_hub_reads_total',
  help: 'Reads for subscribers: answered from recent events, by a shared or an own read of the log, or refused',
  labels: { source: ['recent', 'shared', 'log', 'refused'] },
} as const satisfies CounterMetric;

export const recentBytes = {
  kind: 'gauge',
  name: 'realtime_hub_recent_bytes',
  help: 'Bytes of recent events that are kept for those who come back',
} as const satisfies GaugeMetric;
