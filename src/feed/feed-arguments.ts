import { parseArgs, type ParseArgsConfig } from 'node:util';

/** How the feed is to run. */
export interface FeedArguments {
  /** Departures a second. */
  readonly rate: number;
  /** Begin with the first flight of this day, `2001-02-01`; without it, where the feed stopped. */
  readonly from?: string;
}

/** The arguments are not possible. The message names the one that is not. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** For `parseArgs`. */
export const feedOptions = { rate: { type: 'string' }, from: { type: 'string' } } as const;

export const feedUsage = `  --rate <n>           departures a second, 0.1 to 500 (default 5)
  --from <yyyy-mm-dd>  begin with the first flight of this day that is not recorded yet
                       (default: go on where the feed stopped)`;

const MIN_RATE = 0.1;
/** Below what the server takes of one session. */
const MAX_RATE = 500;
const DEFAULT_RATE = 5;

/** @throws UsageError */
export function readFeedArguments(given: { readonly rate?: string; readonly from?: string }): FeedArguments {
  return { rate: readRate(given.rate), ...(given.from !== undefined && { from: readDay(given.from) }) };
}

/** The same as a command line. */
export function feedCommandLine({ rate, from }: FeedArguments): string[] {
  return ['--rate', String(rate), ...(from === undefined ? [] : ['--from', from])];
}

/** The options given in `args`, and nothing else. @throws UsageError */
export function parseStrictly<const T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function readRate(text: string | undefined): number {
  if (text === undefined) return DEFAULT_RATE;
  const rate = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && rate >= MIN_RATE && rate <= MAX_RATE) return rate;
  throw new UsageError(`--rate is "${text}"; it must be a number from ${MIN_RATE} to ${MAX_RATE}`);
}

function readDay(text: string): string {
  const at = new Date(`${text}T00:00Z`);
  // A day that is not, such as 30 February, is read as one that is.
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
  if (isDay) return text;
  throw new UsageError(`--from is "${text}"; it must be a day such as 2001-02-01`);
}
