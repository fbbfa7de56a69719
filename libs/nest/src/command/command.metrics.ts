import type { CounterMetric, HistogramMetric } from '../telemetry/recorder.js';

export const commandsAnswered = {
  kind: 'counter',
  name: 'realtime_command_answered_total',
  help: 'Commands by how they were answered',
  labels: { result: ['ok', 'refused', 'invalid', 'deadline', 'failed'] },
} as const satisfies CounterMetric;

export const commandSeconds = {
  kind: 'histogram',
  name: 'realtime_command_duration_seconds',
  help: 'Time from the arrival of a command to its answer',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const satisfies HistogramMetric;
