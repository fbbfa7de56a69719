import { postgres } from './postgres.mjs';
import { redis } from './redis.mjs';

/**
 * A server of a test's own, to be killed, frozen and started again. Only one that runs as a process here can be.
 *
 * @param {'postgres' | 'redis'} name
 */
export async function startBreakable(name) {
  const service = { postgres, redis }[name];
  const start = service.findInstalled();
  if (!start) throw new Error(`This test kills a server of its own, installed here: ${service.wanted}`);
  const { env, ...guarded } = await start();
  return { ...guarded, url: env.DATABASE_URL ?? env.REDIS_URL };
}
