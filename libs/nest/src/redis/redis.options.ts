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
   * keeps. Set another one where a copy of that database runs on the same Redis; for several installations with busy rooms
   * it saves each node from hearing those of the others. The rules of the Redis user name it. @defaultValue `millrace`
   */
  readonly prefix: string;
}

export const defaultRedisOptions: RedisOptions = { url: '', prefix: 'millrace' };
