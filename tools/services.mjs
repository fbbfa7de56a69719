// node tools/services.mjs [postgres] [pgbouncer] [redis] [chromium] [haproxy] [faketime] [python] -- <command…>
// Runs a command with throwaway services (all of them unless named) and their addresses in its environment.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { interruption } from './process/interrupt.mjs';
import { serviceNames, startServices } from './services/start.mjs';

const separator = process.argv.indexOf('--');
const [command, ...args] = separator < 0 ? [] : process.argv.slice(separator + 1);
const named = process.argv.slice(2, separator);
if (!command || named.some((name) => !serviceNames.includes(name))) {
  console.error(`usage: node tools/services.mjs [${serviceNames.join('] [')}] -- <command…>`);
  process.exit(2);
}

const interrupted = interruption();
const services = await startServices(named.length > 0 ? named : serviceNames).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
try {
  for (const [name, value] of Object.entries(services.env)) console.error(`${name}=${value}`);
  process.exitCode = await runWith(services.env);
} finally {
  await services.stop();
}

function runWith(env) {
  if (interrupted.aborted) return process.exitCode;
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'inherit' });
  interrupted.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
