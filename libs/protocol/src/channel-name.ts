/** The name of one channel, such as `desk.SFO`, whose grammar was checked. @publicApi */
export type ChannelName = string & { readonly '~brand': 'ChannelName' };

/** Bytes of UTF-8; the grammar is ASCII, so characters too. */
const MAX_LENGTH = 255;
const SEGMENT = '[A-Za-z0-9_-]+';
const NAME = new RegExp(`^${SEGMENT}(?:\\.${SEGMENT})*$`);
const ONE_SEGMENT = new RegExp(`^${SEGMENT}$`);

/**
 * Dot-separated segments of letters, digits, `_` and `-`, at most 255 characters. Everything that looks at a
 * channel name may rely on this: no wildcard, no separator of a room or of a Redis channel can hide in one.
 *
 * @publicApi
 */
export function isChannelName(text: string): text is ChannelName {
  return text.length <= MAX_LENGTH && NAME.test(text);
}

/** Whether `text` can stand as one segment of a channel name. @publicApi */
export function isChannelSegment(text: string): boolean {
  return text.length <= MAX_LENGTH && ONE_SEGMENT.test(text);
}
