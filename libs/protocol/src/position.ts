type Brand<T, Name> = T & { readonly '~brand': Name };

/** Dense integer, 1, 2, 3 … within an epoch; 0 stands before the first event. @publicApi */
export type Offset = Brand<number, 'Offset'>;

/** Identity of one life of a channel's log. Offsets of different epochs cannot be compared. @publicApi */
export type Epoch = Brand<string, 'Epoch'>;

/**
 * Where a subscriber stands in a channel. `id` is the id of the event at `offset`: a server whose event there has
 * another id has lost history since, and says so. It is empty at offset 0.
 *
 * @publicApi
 */
export interface Position {
  /** The life of the channel in which the offset counts. */
  readonly epoch: Epoch;
  /** 0 before the first event. */
  readonly offset: Offset;
  /** Id of the event there; empty before the first one. */
  readonly id: string;
  /** When that event was numbered, in ms since 1970. It only bounds the server's search. */
  readonly time: number;
  /**
   * What the server signed when it let the subscriber in: from where on the channel has been open to it. A position is
   * kept together with it; nobody but the server can read or make one.
   */
  readonly grant?: string;
}

/** A position as text, opaque to the application that keeps it. @publicApi */
export type PositionToken = Brand<string, 'PositionToken'>;

const MAX_TOKEN_LENGTH = 256;
const WORD = /^[\w-]{1,64}$/;
/** Never a word: a position with a fifth part that is none of these was made by nobody. */
const GRANT = /^(?=.{3,64}$)[\w-]+(?:~[\w-]+)+$/;
/** One spelling a number: two tokens of one position would not be equal. */
const WHOLE = /^(?:0|[1-9]\d{0,15})$/;

/** The text that stands for `position`, with its grant where it has one. @publicApi */
export function encodePosition({ epoch, offset, id, time, grant }: Position): PositionToken {
  return `${epoch}.${offset}.${id}.${time}${grant === undefined ? '' : `.${grant}`}` as PositionToken;
}

/** The position that `token` stands for, or `undefined` for a text that no server made. @publicApi */
export function decodePosition(token: string): Position | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const [epoch, offsetText, id, timeText, grant, ...rest] = token.split('.');
  if (epoch === undefined || offsetText === undefined || id === undefined || timeText === undefined) return undefined;
  const offset = readWhole(offsetText);
  const time = readWhole(timeText);
  if (offset === undefined || time === undefined || rest.length > 0 || !WORD.test(epoch)) return undefined;
  if (offset === 0 ? id !== '' : !WORD.test(id)) return undefined;
  if (grant !== undefined && !GRANT.test(grant)) return undefined;
  return { epoch: epoch as Epoch, offset: offset as Offset, id, time, ...(grant !== undefined && { grant }) };
}

function readWhole(text: string): number | undefined {
  const whole = Number(text);
  return WHOLE.test(text) && Number.isSafeInteger(whole) ? whole : undefined;
}
