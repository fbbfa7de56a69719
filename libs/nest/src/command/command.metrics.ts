import type { CounterMetric, GaugeMetric, HistogramMetric } from '../telemetry/recorder.js';

export const commandsAnswered = {
  kind: 'counter',
  name: 'realtime_command_answered_total',
  help: 'Commands by how they were answered',
  labels: { result: ['ok', 'refused', 'invalid', 'busy', 'deadline', 'failed'] },
} as const satisfies CounterMetric;

export const commandsInFlight = {
  kind: 'gauge',
  name: 'realtime_command_in_flight_commands',
  help: 'Commands on this node that wait for their answer',
} as const satisfies GaugeMetric;

export const commandSeconds = {
  kind: 'histogram',
  name: 'realtime_command_duration_seconds',
  help: 'Time from the arrival of a command to its answer',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const satisfies HistogramMetric;
