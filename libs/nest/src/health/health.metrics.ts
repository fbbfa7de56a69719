import { checkNames } from '../core/readiness-check.js';
import type { GaugeMetric } from '../telemetry/recorder.js';

export const healthState = {
  kind: 'gauge',
  name: 'realtime_health_state',
  help: 'How this node is, in all and by check: 0 ready, 1 degraded (a fault that leaving the load balancer would not help), 2 unready',
  labels: { check: ['node', ...checkNames] },
} as const satisfies GaugeMetric;
