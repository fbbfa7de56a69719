import * as broker from './broker/broker.metrics.js';
import * as channel from './channel/channel.metrics.js';
import * as command from './command/command.metrics.js';
import * as health from './health/health.metrics.js';
import * as hub from './hub/hub.metrics.js';
import * as limits from './limits/limits.metrics.js';
import * as redis from './redis/redis.metrics.js';
import * as session from './session/session.metrics.js';
import * as stream from './stream/stream.metrics.js';
import { gateRefused, gateWaiting } from './telemetry/gate.metrics.js';
import type { Metric } from './telemetry/recorder.js';

/** Every number of every stage. */
export const metricCatalogue: readonly Metric[] = [
  ...Object.values(limits),
  ...Object.values(session),
  ...Object.values(command),
  ...Object.values(channel),
  ...Object.values(stream),
  ...Object.values(redis),
  ...Object.values(broker),
  ...Object.values(hub),
  ...Object.values(health),
  gateWaiting,
  gateRefused,
];
