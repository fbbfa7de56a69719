import type { GateWatch } from '../core/fair-gate.js';
import type { CounterMetric, GaugeMetric, Recorder } from './recorder.js';

const gates = ['policy', 'read', 'connection', 'transaction'] as const;

export const gateWaiting = {
  kind: 'gauge',
  name: 'realtime_gate_waiting_calls',
  help: 'Calls that wait for a place: to ask a policy, to read the log, for a connection, for a transaction of an ORM',
  labels: { gate: gates },
} as const satisfies GaugeMetric;

export const gateRefused = {
  kind: 'counter',
  name: 'realtime_gate_refused_total',
  help: 'Calls that found no room to wait in, because of many others of the same client or of many clients',
  labels: { gate: gates },
} as const satisfies CounterMetric;

/** What `gate` leaves in the metrics. */
export function gateWatch(recorder: Recorder, gate: (typeof gates)[number]): GateWatch {
  return {
    waiting: (count) => recorder.set(gateWaiting, { gate }, count),
    refused: () => recorder.count(gateRefused, { gate }),
  };
}
