import { channelName, event, isChannelName, type ChannelName } from '@millrace/protocol';
import type { Denial } from '../core/denial.js';
import { ACCESS_CHANNEL, ownChannel } from '../core/own-channels.js';
import { isSubject } from '../session/subject.js';

/**
 * Whose access is withdrawn, at least one of the two; what is left out matches all.
 *
 * @publicApi
 */
export interface Revocation {
  /** The principal's `subject`. */
  readonly subject?: string;
  /** One channel, by its name. */
  readonly channel?: ChannelName;
}

/** The revocation in what somebody gave; `undefined` where it names nobody, or what no subscription can have. */
export function readRevocation(given: unknown): Revocation | undefined {
  const { subject, channel } = Object(given) as Readonly<Record<string, unknown>>;
  if (isLeftOut(subject) && isLeftOut(channel)) return undefined;
  if (!isLeftOut(subject) && !isSubject(subject)) return undefined;
  if (!isLeftOut(channel) && !(typeof channel === 'string' && isChannelName(channel))) return undefined;
  return { ...(!isLeftOut(subject) && { subject }), ...(!isLeftOut(channel) && { channel }) };
}

/** SQL writes `null` for what has no value. */
const isLeftOut = (value: unknown): value is null | undefined => value === undefined || value === null;

/** Every node follows it, and no client can: it is Millrace's own. */
export const accessChannel = ownChannel(ACCESS_CHANNEL, {
  'access.revoked': event<Revocation>(),
  'access.denied': event<Denial>(),
  'access.allowed': event<Denial>(),
});

export const accessChannelName = channelName(accessChannel, {});
