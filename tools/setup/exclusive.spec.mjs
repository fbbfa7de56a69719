import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { exclusively } from './exclusive.mjs';

const module = JSON.stringify(new URL('exclusive.mjs', import.meta.url));

it('runs one at a time', async () => {
  const subject = randomUUID();
  const log = vi.spyOn(console, 'log').mockReturnValue();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => exclusively(subject, work)));
  expect(most).toBe(1);
  log.mockRestore();
});

it('lets go when the work fails', async () => {
  const subject = randomUUID();
  const failed = exclusively(subject, () => Promise.reject(new Error('failed')));
  await expect(failed).rejects.toThrow('failed');
  await expect(exclusively(subject, async () => 'next')).resolves.toBe('next');
});

it('takes over from an owner that was killed', async () => {
  const subject = randomUUID();
  const script = `
    const { exclusively } = await import(${module});
    setInterval(() => {}, 1000);
    await exclusively('${subject}', () => { console.log('locked'); return new Promise(() => {}); });`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await expect(exclusively(subject, async () => 'taken over')).resolves.toBe('taken over');
});
