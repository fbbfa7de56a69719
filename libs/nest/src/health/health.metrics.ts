import { checkNames } from '../core/readiness-check.js';
import type { GaugeMetric, HistogramMetric } from '../telemetry/recorder.js';

export const healthState = {
  kind: 'gauge',
  name: 'realtime_health_state',
  help: 'How this node is, in all and by check: 0 ready, 1 degraded (a fault that leaving the load balancer would not help), 2 unready',
  labels: { check: ['node', ...checkNames] },
} as const satisfies GaugeMetric;

export const canarySeconds = {
  kind: 'histogram',
  name: 'realtime_health_canary_seconds',
  help: 'Time from the begin of a transaction like those of commands to the emission of its event on this node; uncommitted means that the transaction failed or was late, unseen that its event was not emitted in time',
  labels: { outcome: ['delivered', 'uncommitted', 'unseen'] },
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
} as const satisfies HistogramMetric;
