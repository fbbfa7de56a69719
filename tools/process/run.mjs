import { spawn } from 'node:child_process';
import { root } from './workspace.mjs';

const graceMs = 5_000;

/**
 * Runs a command in a process group of its own, so that a timeout or an abort ends what it started too: a hung test
 * runner would otherwise leave its workers and their servers behind.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeoutMs: number, signal?: AbortSignal }} options
 * @returns {Promise<{ ok: boolean, why: string }>} never rejects
 */
export function run(command, args, { env = process.env, timeoutMs, signal }) {
  if (signal?.aborted) return Promise.resolve({ ok: false, why: 'not started' });
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    let ended;
    let hardStop;
    const end = (why) => {
      if (ended) return;
      ended = why;
      killGroup(child.pid, 'SIGTERM');
      hardStop = setTimeout(() => killGroup(child.pid, 'SIGKILL'), graceMs);
    };
    const abort = () => end('interrupted');
    const timeout = setTimeout(() => end(`not done after ${timeoutMs / 1000} s`), timeoutMs);
    signal?.addEventListener('abort', abort);
    const settle = (result) => {
      clearTimeout(timeout);
      clearTimeout(hardStop);
      signal?.removeEventListener('abort', abort);
      // Whatever the leader left behind must not outlive it.
      killGroup(child.pid, 'SIGKILL');
      resolve(result);
    };
    child.once('error', (error) => settle({ ok: false, why: error.message }));
    child.once('exit', (code, killedBy) => {
      settle({ ok: code === 0 && !ended, why: ended ?? (killedBy ? `ended by ${killedBy}` : `exit code ${code}`) });
    });
  });
}

function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
