import { ConfigError, secret, text, type Environment } from './environment.js';

/** Where the feed sends its departures, and what proves that it is the feed. */
export interface FeedConfig {
  readonly url: string;
  readonly feedKey: string;
}

/**
 * `DEPARTURES_URL` and `FEED_KEY`, which the server sets for the feed that it starts. By hand: start the server with a
 * `FEED_KEY` of yours and `FEED=off`.
 *
 * @throws ConfigError
 */
export function readFeedConfig(environment: Environment = process.env): FeedConfig {
  const url = text(environment, 'DEPARTURES_URL');
  if (url === undefined || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ConfigError('DEPARTURES_URL must be the address of the server, such as http://localhost:3000');
  }
  const feedKey = secret(environment, 'FEED_KEY');
  if (feedKey === undefined) throw new ConfigError('FEED_KEY is not set: it must be that of the server');
  return { url, feedKey };
}

/** The environment of a feed that the server starts: its own, less the secrets that the feed has no use for. */
export function feedEnvironment({ url, feedKey }: FeedConfig, environment: Environment = process.env): Environment {
  const { DATABASE_URL: _database, REDIS_URL: _redis, JWT_SECRET: _secret, ...rest } = environment;
  return { ...rest, DEPARTURES_URL: url, FEED_KEY: feedKey };
}
