import type { CounterMetric } from '../telemetry/recorder.js';

/** `frames` and `flood` are of connections; each other one is the `reason` that the client is told. */
export const limitsRefused = {
  kind: 'counter',
  name: 'realtime_limits_refused_total',
  help: 'Requests, connections and sessions that were refused because of a limit',
  labels: {
    limit: [
      'frames',
      'flood',
      'connections',
      'connects',
      'sessions',
      'commands',
      'subscribes',
      'subscriptions',
      'history',
      'channels',
    ],
  },
} as const satisfies CounterMetric;

export type LimitKind = (typeof limitsRefused.labels.limit)[number];
