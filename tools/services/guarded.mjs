import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

// Long enough to pull an image; a service that cannot start ends its guard, and with it the wait.
const readyWithinMs = 180_000;
const goneWithinMs = 15_000;
const guard = fileURLToPath(new URL('guard.mjs', import.meta.url));

/**
 * A running service. `end` takes it down until `serve`; `signal` is for SIGSTOP and SIGCONT.
 *
 * @typedef {object} Guarded
 * @property {number} port
 * @property {(signal: NodeJS.Signals) => void} signal
 * @property {(signal: NodeJS.Signals) => Promise<void>} end
 * @property {() => Promise<unknown>} serve on the same port, with the same folder
 * @property {() => Promise<void>} stop for good
 */

/**
 * Starts a service under a guard and waits until it answers.
 *
 * @param {object} service
 * @param {string} service.name
 * @param {{ uid: number, gid: number }} [service.user] whom to run as, when not ourselves
 * @param {(place: { folder: string, port: number }) => object} service.commands `serve` and, before it, `files` to write
 *   into the folder and commands to `prepare`; after it `cleanUp`
 * @param {(port: number) => Promise<unknown>} service.probe resolves once the service answers on this port
 * @returns {Promise<Guarded>}
 */
export async function startGuarded(service) {
  // A port that was free a moment ago can be taken when the service binds it.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(service);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function startOnce({ name, user, commands, probe }) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  if (user) chownSync(folder, user.uid, user.gid);
  const child = spawn(process.execPath, [guard], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify({ folder, user, ...commands({ folder, port }) })}\n`);
  const exited = once(child, 'exit');
  const order = (words) => child.stdin.write(`${words}\n`);
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  const answers = () =>
    Promise.race([ready(probe, port), exited.then(() => Promise.reject(new Error(`${name} ended`)))]);
  try {
    await answers();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    stop,
    signal: (signal) => void order(`signal ${signal}`),
    end: (signal) => {
      order(`end ${signal}`);
      return gone(port);
    },
    serve: () => {
      order('serve');
      return answers();
    },
  };
}

/** Once nobody listens there any more, whoever was left behind by a dead parent included. */
async function gone(port) {
  for (const giveUpAt = Date.now() + goneWithinMs; await listens(port); await sleep(20)) {
    if (Date.now() > giveUpAt) throw new Error(`Port ${port} is still taken`);
  }
}

async function listens(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function ready(probe, port) {
  for (const giveUpAt = Date.now() + readyWithinMs; ; await sleep(100)) {
    try {
      return await probe(port);
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
