// Owns one throwaway service: prepares it, runs it, and removes it with its folder when standard input ends. The pipe
// is held by the process that asked for the service, and the kernel closes it however that process dies, so nothing
// stays behind even after a SIGKILL. Started in a session of its own, or Ctrl-C in a terminal would stop the database
// under the tests that are just cleaning up. What to run is the first line of standard input; each later line breaks the
// service or mends it: `end SIGNAL` (and stay down), `signal SIGNAL`, `serve` (again).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const lines = createInterface(process.stdin);
const [line] = await once(lines, 'line');
const { folder, user, files = {}, prepare = [], serve, cleanUp } = JSON.parse(line);
const logFile = join(folder, 'service.log');
let child;
let stopping = false;
/** Asked to go down, and asked to serve again; the second may come before the first is done. */
let down = false;
let again = false;
let wake = () => {};
lines.on('line', obey);

for (const [name, content] of Object.entries(files)) {
  writeFileSync(join(folder, name), content, { mode: 0o600 });
  if (user) chownSync(join(folder, name), user.uid, user.gid);
}
for (const event of ['end', 'close', 'error']) process.stdin.once(event, stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);

for (const step of [...prepare, serve]) {
  const code = await runToTheEnd(step);
  if (stopping) break;
  if (step === serve || code !== 0) {
    process.stderr.write(`${step[0]} ended with code ${code}:\n${readFileSync(logFile, 'utf8').slice(-4_000)}\n`);
    process.exitCode = 1;
    break;
  }
}
if (cleanUp) spawnSync(cleanUp[0], cleanUp.slice(1), { stdio: 'ignore' });
rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
process.exit();

/** Runs it again after each time that it was taken down. */
async function runToTheEnd(step) {
  for (;;) {
    const code = await runStep(step);
    if (down && !again && !stopping) await new Promise((resolve) => (wake = resolve));
    if (!down || stopping) return code;
    down = false;
    again = false;
  }
}

function runStep([command, ...args]) {
  const log = openSync(logFile, 'a');
  child = spawn(command, args, { cwd: folder, stdio: ['ignore', log, log], ...user });
  closeSync(log);
  if (stopping) child.kill('SIGINT');
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
}

function obey(order) {
  const [verb, signal] = order.split(' ');
  if (verb === 'serve') {
    again = true;
    wake();
    return;
  }
  down ||= verb === 'end';
  child.kill(signal);
}

function stop() {
  if (stopping) return;
  stopping = true;
  wake();
  // A frozen process hears nothing.
  child?.kill('SIGCONT');
  // To PostgreSQL SIGINT is the fast shutdown: it does not wait for clients.
  child?.kill('SIGINT');
  setTimeout(() => child?.kill('SIGQUIT'), 5_000).unref();
  setTimeout(() => child?.kill('SIGKILL'), 12_000).unref();
}
