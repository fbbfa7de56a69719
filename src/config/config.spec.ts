import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAppConfig } from './app.config.js';
import { ConfigError } from './environment.js';
import { feedEnvironment, readFeedConfig } from './feed.config.js';

const secret = 's'.repeat(32);

describe('the configuration of the server', () => {
  it('needs nothing', () => {
    expect(readAppConfig({})).toMatchObject({
      port: 3000,
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
    const set = { PORT: '0', DATABASE_URL: url, JWT_SECRET: secret, FEED_KEY: `${secret}f`, FEED: 'off' };
    expect(readAppConfig(set)).toEqual({
      port: 0,
      database: { kind: 'server', connectionString: url },
      jwtSecret: secret,
      feedKey: `${secret}f`,
      feed: 'off',
    });
    expect(readAppConfig({ DATA_DIR: '/srv/x' }).database).toEqual({ kind: 'embedded', folder: '/srv/x' });
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = { PORT: '', DATABASE_URL: '', DATA_DIR: '', JWT_SECRET: '', FEED_KEY: '', FEED: '' };
    expect(readAppConfig(empty)).toMatchObject({ port: 3000, database: { kind: 'embedded' }, feed: 'on' });
  });

  it.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['DATABASE_URL', 'mysql://db/app'],
    ['DATABASE_URL', 'db'],
    ['JWT_SECRET', 'short'],
    ['FEED_KEY', 'short'],
    ['FEED', 'no'],
  ])('refuses %s=%s and names the variable', (name, value) => {
    const read = () => readAppConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^${name} is `));
  });

  it('keeps the password of a wrong address to itself', () => {
    expect(() => readAppConfig({ DATABASE_URL: 'mysql://ada:hush@db/app' })).not.toThrow(/hush/);
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
    const given = feedEnvironment({ url, feedKey: secret }, { JWT_SECRET: secret, DATABASE_URL: 'postgres://db/app' });
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
