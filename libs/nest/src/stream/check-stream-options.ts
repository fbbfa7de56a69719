import { isChannelName } from '@millrace/protocol';
import { BootError } from '../core/boot-error.js';
import { isForeignSchema, isSchemaName } from './migrations/migration.js';
import type { StreamOptions } from './stream.options.js';

/** What the CHECK of the tables allows. */
const MAX_EVENT_BYTES = 1_048_576;
const MIN_RETENTION_MS = 60_000;
/** A century; the database knows no date before 4713 BC, and care counts from one. */
const MAX_RETENTION_MS = 36_525 * 86_400_000;

/** Readiness takes a node that was not answered for 5 s for cut off, and two that differ by 2.5 s for unlike. */
const MAX_POLL_INTERVAL_MS = 1_000;

const RETENTIONS = `the least is ${MIN_RETENTION_MS}, the most ${MAX_RETENTION_MS}, a century`;

const isRetention = (ms: number): boolean => ms >= MIN_RETENTION_MS && ms <= MAX_RETENTION_MS;

/** @throws BootError */
export function checkStreamOptions(options: StreamOptions): void {
  const demand = (holds: boolean, text: string): void => {
    if (!holds) throw new BootError(`stream.${text}`);
  };
  const { schema, maxEventBytes, retentionMs, channelRetentionMs, partitionsAheadDays, pollIntervalMs } = options;
  demand(isSchemaName(schema), `schema is "${schema}"; use a–z, 0–9 and _, 40 characters at most`);
  demand(
    !isForeignSchema(schema),
    `schema is "${schema}", which holds what is not Millrace's; use one of its own, such as "millrace"`,
  );
  demand(maxEventBytes <= MAX_EVENT_BYTES, `maxEventBytes is ${maxEventBytes}; the most is ${MAX_EVENT_BYTES}`);
  demand(isRetention(retentionMs), `retentionMs is ${retentionMs}; ${RETENTIONS}`);
  demand(
    pollIntervalMs <= MAX_POLL_INTERVAL_MS,
    `pollIntervalMs is ${pollIntervalMs}; the most is ${MAX_POLL_INTERVAL_MS}`,
  );
  demand(partitionsAheadDays >= 2, `partitionsAheadDays is ${partitionsAheadDays}; the least is 2`);
  demand(options.maxClockSkewMs >= 1_000, `maxClockSkewMs is ${options.maxClockSkewMs}; the least is 1000`);
  for (const name of ['maxEventsPerTransaction', 'maxWaitingPublishes', 'passMaxEvents', 'passMaxBytes'] as const) {
    demand(Number.isInteger(options[name]) && options[name] >= 1, `${name} is ${options[name]}; the least is 1`);
  }
  for (const [pattern, ownMs] of Object.entries(channelRetentionMs)) {
    demand(
      isChannelName(pattern.replaceAll(':', '')),
      `channelRetentionMs has "${pattern}", which is no channel pattern`,
    );
    demand(isRetention(ownMs), `channelRetentionMs of "${pattern}" is ${ownMs}; ${RETENTIONS}`);
  }
}
