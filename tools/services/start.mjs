import { aptInstall, aptUsable } from './apt.mjs';
import { chromium } from './chromium.mjs';
import { faketime } from './faketime.mjs';
import { haproxy } from './haproxy.mjs';
import { pgbouncer } from './pgbouncer.mjs';
import { postgres } from './postgres.mjs';
import { python } from './python.mjs';
import { redis } from './redis.mjs';

/** In the order in which they start: each is told the addresses of those before it. */
const all = [postgres, pgbouncer, redis, chromium, haproxy, python, faketime];

export const serviceNames = all.map(({ name }) => name);

/**
 * Makes the named services available: those given by environment variables, else throwaway ones from installed
 * programs, from Docker, or from packages installed now. Throws when one cannot be had; none is ever left out.
 *
 * @param {readonly string[]} names
 * @returns {Promise<{ env: Record<string, string>, stop: () => Promise<void> }>}
 */
export async function startServices(names) {
  const needed = names.flatMap((name) => [name, ...(all.find((service) => service.name === name)?.needs ?? [])]);
  const services = all.filter(({ name }) => needed.includes(name));
  const started = [];
  const addresses = () => Object.assign({}, ...started.map(({ env }) => env));
  const stop = async () => {
    await Promise.all(started.map((service) => service.stop()));
  };
  try {
    for (const start of waysToStart(services)) started.push(await start(addresses()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { env: addresses(), stop };
}

function waysToStart(services) {
  const missing = services.filter((service) => !service.find());
  if (missing.length > 0 && aptUsable()) aptInstall(missing.flatMap(({ packages }) => packages));
  const ways = services.map((service) => ({ service, start: service.find() }));
  const stillMissing = ways.filter(({ start }) => !start).map(({ service }) => service.wanted);
  if (stillMissing.length > 0) {
    throw new Error(
      `The tests need what is not installed here:\n${stillMissing.map((wanted) => `  - ${wanted}`).join('\n')}\n` +
        'Install them, start Docker, or run as root on Debian or Ubuntu to have the packages installed.',
    );
  }
  return ways.map(({ start }) => start);
}
