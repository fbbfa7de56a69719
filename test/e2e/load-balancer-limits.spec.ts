import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceAddress } from '../support/service-address.js';
import { until } from './support/until.js';

const limits = 'deploy/haproxy-limits.cfg';
const nodes = { NODE_1: '127.0.0.1:9', NODE_2: '127.0.0.1:9', NODE_3: '127.0.0.1:9' };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-haproxy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Whether HAProxy would start with both files, and what it says. */
async function checked(file: string): Promise<string> {
  const args = ['-c', '-f', 'deploy/haproxy.cfg', '-f', file];
  const { stdout, stderr } = await promisify(execFile)(serviceAddress('HAPROXY_PATH'), args, {
    env: { ...process.env, ...nodes },
  });
  return stdout + stderr;
}

it('the example of limits goes with the configuration of the load balancer', async () => {
  expect(await checked(limits)).not.toMatch(/WARNING|ALERT/);
});

it.each([
  ['no table', 'table addresses', 'table nowhere'],
  ['a backend that is not there', 'default_backend nodes', 'default_backend others'],
])('HAProxy would say of one with %s that it is wrong', async (_what, part, instead) => {
  const text = await readFile(limits, 'utf8');
  expect(text).toContain(part);
  const file = join(folder, 'limits.cfg');
  await writeFile(file, text.replace(part, instead));
  const said = await checked(file).catch((error: unknown) => String((error as { stderr?: unknown }).stderr));
  expect(said).toMatch(/WARNING|ALERT/);
});

it('an address that asks too often is refused, and told when to come again', async () => {
  const [open, limited] = [randomInt(20_000, 25_000), randomInt(25_000, 30_000)];
  const env = { ...process.env, ...nodes, LISTEN: `127.0.0.1:${open}`, LISTEN_LIMITED: `127.0.0.1:${limited}` };
  const args = ['-db', '-f', 'deploy/haproxy.cfg', '-f', limits];
  const balancer = spawn(serviceAddress('HAPROXY_PATH'), args, { env, stdio: 'ignore' });
  const ended = once(balancer, 'exit');
  // Answered by HAProxy itself: there are no nodes.
  const ask = (port: number): Promise<Response> => fetch(`http://127.0.0.1:${port}/health/live`);
  try {
    await until('HAProxy listens', async () => (await ask(limited)).status === 404);
    const statuses: number[] = [];
    for (let count = 0; count < 700; count++) statuses.push((await ask(limited)).status);
    expect(new Set(statuses.slice(0, 500))).toEqual(new Set([404]));
    expect(statuses.at(-1)).toBe(429);
    expect((await ask(limited)).headers.get('retry-after')).toBe('10');
    expect((await ask(open)).status).toBe(404);
  } finally {
    balancer.kill('SIGTERM');
    await ended;
  }
});
