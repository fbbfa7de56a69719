/**
 * Who is kept out. `subject`: all of a principal's sessions and handshakes, `until` then. `token`: those of one token, by
 * its `jti`. `issued`: those of a subject's tokens that were issued before `moment`. `sessions`: those that were open at
 * `moment`; who comes back is let in.
 */
export interface Denial {
  readonly kind: (typeof denialKinds)[number];
  /** A subject, or the id of a token. */
  readonly key: string;
  /** In ms since 1970, as the database has the time. */
  readonly moment: number;
  /** When it is over, in ms since 1970; absent: never. */
  readonly until?: number;
}

export const denialKinds = ['subject', 'token', 'issued', 'sessions'] as const;

const MAX_KEY_LENGTH = 255;

export const isDenialKey = (key: unknown): key is string =>
  typeof key === 'string' && key.length >= 1 && key.length <= MAX_KEY_LENGTH && !/[\p{Cc}\p{Surrogate}]/u.test(key);

/** What somebody wrote, or `undefined` where it is none. */
export function readDenial(given: unknown): Denial | undefined {
  const { kind, key, moment, until } = Object(given) as Readonly<Record<string, unknown>>;
  const known = denialKinds.find((one) => one === kind);
  if (!known || !isDenialKey(key) || !isMoment(moment)) return undefined;
  if (until === undefined || until === null) return { kind: known, key, moment };
  return isMoment(until) ? { kind: known, key, moment, until } : undefined;
}

const isMoment = (value: unknown): value is number => Number.isSafeInteger(value);
