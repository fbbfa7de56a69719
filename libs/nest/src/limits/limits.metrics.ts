import type { CounterMetric } from '../telemetry/recorder.js';

export const limitsRefused = {
  kind: 'counter',
  name: 'realtime_limits_refused_total',
  help: 'Requests, connections and sessions that were refused because of a limit',
  labels: { limit: ['frames', 'flood'] },
} as const satisfies CounterMetric;
