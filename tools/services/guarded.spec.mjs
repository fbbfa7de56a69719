import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startGuarded } from './guarded.mjs';

/** A service that takes connections on the port it is told. */
const listen = 'require("net").createServer().listen(Number(process.argv[1]), "127.0.0.1")';
const bounded = { timeout: 10_000, interval: 50 };

async function probe(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

const gone = (port, folder) =>
  vi.waitFor(async () => {
    await expect(probe(port)).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(folder)).toBe(false);
  }, bounded);

describe('a guarded service', () => {
  let owner;
  afterEach(() => owner?.kill('SIGKILL'));

  it('answers when it is started, and leaves nothing behind when it is stopped', async () => {
    let folder;
    const { port, stop } = await startGuarded({
      name: 'probe',
      probe,
      commands: (place) => {
        folder = place.folder;
        return {
          files: { secret: 'one' },
          prepare: [['cp', 'secret', 'copy']],
          serve: [process.execPath, '-e', listen, `${place.port}`],
        };
      },
    });
    expect(execFileSync('cat', [`${folder}/copy`], { encoding: 'utf8' })).toBe('one');
    await stop();
    await gone(port, folder);
  });

  it('is taken down and serves again on its port and in its folder, and is stopped although it is down or frozen', async () => {
    let folder;
    const start = () =>
      startGuarded({
        name: 'probe',
        probe,
        commands: (place) => {
          folder = place.folder;
          return {
            prepare: [['touch', 'prepared']],
            serve: ['sh', '-c', `echo x >> starts; exec "$0" -e '${listen}' ${place.port}`, process.execPath],
          };
        },
      });
    const { port, end, serve, stop } = await start();
    await end('SIGKILL');
    await expect(probe(port)).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(`${folder}/prepared`)).toBe(true);
    await serve();
    await probe(port);
    expect(execFileSync('cat', [`${folder}/starts`], { encoding: 'utf8' })).toBe('x\nx\n');
    await end('SIGKILL');
    await stop();
    await gone(port, folder);

    const frozen = await start();
    frozen.signal('SIGSTOP');
    await frozen.stop();
    await gone(frozen.port, folder);
  });

  it('serves again although the one before is not quite gone when its port is free', async () => {
    const slowToGo = `process.on('SIGTERM', () => { server.close(); setTimeout(() => process.exit(), 500); })`;
    const { port, end, serve, stop } = await startGuarded({
      name: 'probe',
      probe,
      commands: (place) => ({
        serve: [process.execPath, '-e', `const server = ${listen}; ${slowToGo}`, `${place.port}`],
      }),
    });
    await end('SIGTERM');
    await serve();
    await probe(port);
    await stop();
  });

  it('ends when its owner is killed', async () => {
    owner = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { startGuarded } = await import('./guarded.mjs');
        const place = {};
        await startGuarded({
          name: 'probe',
          probe: async () => {},
          commands: (own) => {
            Object.assign(place, own);
            return { serve: [process.execPath, '-e', ${JSON.stringify(listen)}, String(own.port)] };
          },
        });
        console.log(JSON.stringify(place));`,
      ],
      { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(owner.stdout, 'data');
    const { port, folder } = JSON.parse(`${line}`);
    await vi.waitFor(() => probe(port), bounded);
    owner.kill('SIGKILL');
    await gone(port, folder);
  });
});
