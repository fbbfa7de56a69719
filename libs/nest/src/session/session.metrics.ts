import { buffers } from '../core/byte-account.js';
import type { CounterMetric, GaugeMetric, HistogramMetric } from '../telemetry/recorder.js';

export const sessionsOpen = {
  kind: 'gauge',
  name: 'realtime_session_open_sessions',
  help: 'Sessions on this node',
} as const satisfies GaugeMetric;

export const sessionsOpened = {
  kind: 'counter',
  name: 'realtime_session_opened_total',
  help: 'Sessions that became active',
} as const satisfies CounterMetric;

export const sessionsAway = {
  kind: 'histogram',
  name: 'realtime_session_away_seconds',
  help: 'How long clients that came back were without a session, as they say; its count is that of reconnects',
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 86_400],
} as const satisfies HistogramMetric;

export const sessionsEnded = {
  kind: 'counter',
  name: 'realtime_session_ended_total',
  help: 'Sessions that ended, by who ended them',
  labels: { reason: ['client', 'transport', 'heartbeat', 'server', 'drain', 'token', 'stalled', 'flood', 'denied'] },
} as const satisfies CounterMetric;

export const handshakesRefused = {
  kind: 'counter',
  name: 'realtime_session_refused_total',
  help: 'Handshakes that were refused',
  labels: { reason: ['origin', 'protocol', 'token', 'rate', 'draining', 'denied', 'failed'] },
} as const satisfies CounterMetric;

export const denialsKnown = {
  kind: 'gauge',
  name: 'realtime_session_denials',
  help: 'Blocked subjects and revoked tokens that this node keeps out',
} as const satisfies GaugeMetric;

export const framesRefused = {
  kind: 'counter',
  name: 'realtime_session_frames_refused_total',
  help: 'Client frames that were refused before any stage saw them',
  labels: { reason: ['unknown', 'no-ack', 'complexity', 'key', 'draining', 'lagging'] },
} as const satisfies CounterMetric;

export const sessionsLagging = {
  kind: 'counter',
  name: 'realtime_session_lagging_total',
  help: 'Times a session left the live flow because it read too slowly',
} as const satisfies CounterMetric;

export const sessionWaitingBytes = {
  kind: 'gauge',
  name: 'realtime_session_waiting_bytes',
  help: 'Bytes that wait for the clients of this node to read them, at the last look',
} as const satisfies GaugeMetric;

export const sessionsShed = {
  kind: 'counter',
  name: 'realtime_session_shed_total',
  help: 'Sessions that were cut, those with the most waiting first, because more waited in this process than it may keep',
} as const satisfies CounterMetric;

export const bufferedBytes = {
  kind: 'gauge',
  name: 'realtime_session_buffered_bytes',
  help: 'Bytes that wait in this process: for clients to read, for a pass to number them, behind holes; at the last look',
  labels: { buffer: buffers },
} as const satisfies GaugeMetric;

export const roomMessagesLost = {
  kind: 'counter',
  name: 'realtime_session_room_messages_lost_total',
  help: 'Live events, emits to rooms and their like that Redis did not take: the other nodes did not hear of them',
} as const satisfies CounterMetric;

export const roomMessagesFailed = {
  kind: 'counter',
  name: 'realtime_session_room_messages_failed_total',
  help: 'Messages of other nodes about rooms that could not be handled here',
} as const satisfies CounterMetric;
