import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAppConfig } from './app.config.js';
import { ConfigError } from './environment.js';
import { feedEnvironment, readFeedConfig } from './feed.config.js';
import { variables } from './variables.js';

const secret = 's'.repeat(32);
const several = { DATABASE_URL: 'postgres://db/app', REDIS_URL: 'redis://cache', JWT_SECRET: secret, FEED_KEY: secret };

describe('the configuration of the server', () => {
  it('needs nothing', () => {
    expect(readAppConfig({})).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      database: { kind: 'embedded', folder: resolve('.data') },
      feed: 'on',
    });
  });

  it('makes its secrets anew', () => {
    const [one, other] = [readAppConfig({}), readAppConfig({})];
    const secrets = [one.jwtSecret, one.feedKey, other.jwtSecret, other.feedKey];
    expect(new Set(secrets).size).toBe(4);
    for (const made of secrets) expect(made).toMatch(/^[\w-]{43}$/);
  });

  it('takes what is set', () => {
    const url = 'postgres://ada:pw@db:5432/app';
    const redisUrl = 'rediss://:pw@cache:6380';
    const set = { PORT: '0', HOST: '0.0.0.0', DATABASE_URL: url, REDIS_URL: redisUrl, FEED: 'off' };
    expect(readAppConfig({ ...set, JWT_SECRET: secret, FEED_KEY: `${secret}f` })).toEqual({
      port: 0,
      host: '0.0.0.0',
      database: { kind: 'server', connectionString: url, redisUrl },
      jwtSecret: secret,
      feedKey: `${secret}f`,
      feed: 'off',
    });
    expect(readAppConfig({ DATA_DIR: '/srv/x' }).database).toEqual({ kind: 'embedded', folder: '/srv/x' });
  });

  it.each(['a b', 'http://here', '-x', '1.2.3.4/8'])('refuses to listen on "%s"', (host) => {
    expect(() => readAppConfig({ HOST: host })).toThrow(new RegExp(`^HOST is "${host}"`));
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, '']));
    expect(readAppConfig(empty)).toMatchObject({ port: 3000, database: { kind: 'embedded' }, feed: 'on' });
    expect(readAppConfig({ DATABASE_URL: 'postgres://db/app', REDIS_URL: '' }).database).toMatchObject({
      kind: 'server',
      redisUrl: undefined,
    });
  });

  it.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['DATABASE_URL', 'mysql://db/app'],
    ['DATABASE_URL', 'db'],
    ['REDIS_URL', 'redis://cache'],
    ['JWT_SECRET', 'short'],
    ['FEED_KEY', 'short'],
    ['FEED', 'no'],
  ])('refuses %s=%s and names the variable', (name, value) => {
    const read = () => readAppConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^${name} is `));
  });

  it.each([
    ['DATABASE_URL', 'mysql://ada:hush@db/app'],
    ['REDIS_URL', 'http://ada:hush@cache'],
    ['REDIS_URL', 'ada:hush@cache'],
  ])('keeps the password of a wrong %s to itself', (name, value) => {
    const read = () => readAppConfig({ ...several, [name]: value });
    expect(read).toThrow(new RegExp(`^${name} is not an address of the form`));
    expect(read).not.toThrow(/hush/);
  });

  it.each(['JWT_SECRET', 'FEED_KEY'])('makes no %s where several nodes must have the same', (name) => {
    expect(() => readAppConfig({ ...several, [name]: '' })).toThrow(
      new ConfigError(`${name} is not set: with REDIS_URL there are several nodes, and it must be the same on all`),
    );
  });
});

describe('the configuration of the feed', () => {
  const url = 'http://localhost:3000';

  it('is what the server hands it', () => {
    const given = feedEnvironment({ url, feedKey: secret }, { PATH: '/bin' });
    expect(readFeedConfig(given)).toEqual({ url, feedKey: secret });
    expect(given['PATH']).toBe('/bin');
  });

  it('is without the secrets of the server', () => {
    const given = feedEnvironment({ url, feedKey: secret }, several);
    expect(Object.keys(given).toSorted()).toEqual(['DEPARTURES_URL', 'FEED_KEY']);
  });

  it.each([
    ['DEPARTURES_URL', { FEED_KEY: secret }],
    ['DEPARTURES_URL', { FEED_KEY: secret, DEPARTURES_URL: 'localhost' }],
    ['DEPARTURES_URL', { FEED_KEY: secret, DEPARTURES_URL: 'ftp://localhost' }],
    ['FEED_KEY', { DEPARTURES_URL: url }],
    ['FEED_KEY', { DEPARTURES_URL: url, FEED_KEY: 'short' }],
  ])('names %s when it is missing or wrong', (name, environment) => {
    expect(() => readFeedConfig(environment)).toThrow(new RegExp(`^${name} `));
  });
});
