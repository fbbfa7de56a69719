/**
 * The Redis that nodes tell one another through, resolved.
 *
 * @publicApi
 */
export interface RedisOptions {
  /** Where it is: `redis://user:password@host:6379`, or `rediss://` for TLS. */
  readonly url: string;
  /**
   * Begins the name of everything that is said over this Redis, before the id of the installation, which the database
   * keeps. Set another one only where a copy of that database runs on the same Redis. @defaultValue `millrace`
   */
  readonly prefix: string;
}

export const defaultRedisOptions: RedisOptions = { url: '', prefix: 'millrace' };
