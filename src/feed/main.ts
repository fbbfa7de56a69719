import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../config/environment.js';
import { readFeedConfig } from '../config/feed.config.js';
import { readFlights } from '../flights/flights.js';
import { connectFeed } from './feed-client.js';
import { feedOptions, feedUsage, parseStrictly, readFeedArguments, UsageError } from './feed-arguments.js';
import { Feed, FeedStopped, type FeedClock } from './feed.js';
import { firstOfDay } from './first-of-day.js';
import { SignInRefused } from './sign-in.js';

const say = (line: string): void => console.log(`Feed: ${line}`);

const clock: FeedClock = {
  now: () => performance.now(),
  wait: (delayMs, signal) => sleep(delayMs, undefined, { signal }),
};

async function run(): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort(ENDED);
  process.once('SIGTERM', end).once('SIGINT', end);
  // Without the server that started it, a feed would look for it for ever. It may have died before this line.
  process.once('disconnect', end);
  if (process.send !== undefined && !process.connected) return;
  const { rate, from } = readFeedArguments(parseStrictly(process.argv.slice(2), feedOptions));
  const config = readFeedConfig();
  const flights = await readFlights();
  if (stop.signal.aborted) return;
  const { client, desk } = connectFeed(config, say, (error) => stop.abort(error));
  // Whatever the feed waits for is an answer of this client.
  stop.signal.addEventListener('abort', () => client.close());
  const start = from === undefined ? {} : { from: { day: from, row: firstOfDay(flights, from) } };
  try {
    await new Feed({ desk, clock, say, flights, rate, ...start }).run(stop.signal);
  } catch (error) {
    if (stop.signal.reason !== ENDED) throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    client.close();
  }
}

const isExpected = (error: unknown): error is Error =>
  [ConfigError, FeedStopped, SignInRefused].some((kind) => error instanceof kind);

const ENDED = new Error('The feed was asked to end');

try {
  await run();
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\nusage: node dist/feed/main.js [options]\n${feedUsage}`);
    process.exitCode = 2;
  } else {
    console.error('Feed: stopped:', isExpected(error) ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  // Listened to, the channel to the server keeps this process alive.
  if (process.connected) process.disconnect();
}
