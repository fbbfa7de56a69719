import type { CounterMetric, GaugeMetric } from '../telemetry/recorder.js';

export const subscriptionsOpen = {
  kind: 'gauge',
  name: 'realtime_channel_open_subscriptions',
  help: 'Subscriptions of the sessions on this node',
} as const satisfies GaugeMetric;

export const subscribesAnswered = {
  kind: 'counter',
  name: 'realtime_channel_subscribes_total',
  help: 'Answers to subscribes, one a channel, by outcome; refused also when their whole frame was',
  labels: { outcome: ['fresh', 'recovered', 'behind', 'unrecoverable', 'live', 'refused'] },
} as const satisfies CounterMetric;

export const resumesUnrecoverable = {
  kind: 'counter',
  name: 'realtime_channel_unrecoverable_total',
  help: 'Subscribes whose position cannot be resumed from, by why; the subscriber is told of the hole',
  labels: { reason: ['expired', 'epoch', 'mismatch', 'withdrawn', 'unproven'] },
} as const satisfies CounterMetric;

export const historyPagesAnswered = {
  kind: 'counter',
  name: 'realtime_channel_history_pages_total',
  help: 'Answers to those who asked for a page of history, by outcome',
  labels: { outcome: ['complete', 'more', 'unrecoverable', 'refused'] },
} as const satisfies CounterMetric;

export const policyCalls = {
  kind: 'counter',
  name: 'realtime_channel_policy_calls_total',
  help: 'What policies said; invalid: the database did not accept a value; busy and timeout: they could not be asked',
  labels: { result: ['allowed', 'denied', 'failed', 'invalid', 'busy', 'timeout'] },
} as const satisfies CounterMetric;

export const subscriptionsRevoked = {
  kind: 'counter',
  name: 'realtime_channel_revoked_total',
  help: 'Subscriptions that were withdrawn while their session was connected',
} as const satisfies CounterMetric;
