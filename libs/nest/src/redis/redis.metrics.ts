import type { CounterMetric, GaugeMetric } from '../telemetry/recorder.js';
import { redisRoles } from './redis-role.js';

export const redisUp = {
  kind: 'gauge',
  name: 'realtime_redis_up_connections',
  help: 'Connections to Redis that are open, answer and may use the channels: 1 or 0 for each; while one is 0, events of other nodes come by the look into the log',
  labels: { connection: redisRoles },
} as const satisfies GaugeMetric;

export const redisLost = {
  kind: 'counter',
  name: 'realtime_redis_connections_lost_total',
  help: 'Connections to Redis that ended: closed by the other side, or given up because nothing was heard',
  labels: { connection: redisRoles, reason: ['closed', 'silent'] },
} as const satisfies CounterMetric;

export const redisWaitingBytes = {
  kind: 'gauge',
  name: 'realtime_redis_waiting_bytes',
  help: 'Bytes that were published and that Redis has not taken yet; at 8 MiB further ones are dropped',
} as const satisfies GaugeMetric;

export const redisRefused = {
  kind: 'counter',
  name: 'realtime_redis_messages_refused_total',
  help: 'Messages over Redis that were dropped: of no node of this installation, heard before, or of a sender not heard before and more than ten minutes old; above 0 somebody else publishes on its channels, or records what nodes say',
  labels: { reason: ['forged', 'replayed', 'stale'] },
} as const satisfies CounterMetric;

export const redisEchoes = {
  kind: 'counter',
  name: 'realtime_redis_echoes_total',
  help: 'Messages that this node sent to itself over Redis: came back, did not, or were refused',
  labels: { outcome: ['returned', 'lost', 'refused'] },
} as const satisfies CounterMetric;

export const redisUnheard = {
  kind: 'gauge',
  name: 'realtime_redis_unheard_nodes',
  help: 'Other nodes that run on this database and are not heard over Redis; above 0 for minutes their live events do not come here',
} as const satisfies GaugeMetric;
