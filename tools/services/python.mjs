import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inPath } from '../process/workspace.mjs';

export const python = {
  name: 'python',
  wanted: 'Python 3.8 or newer with python-socketio 5 and aiohttp (or set PYTHON_PATH)',
  packages: ['python3', 'python3-socketio', 'python3-aiohttp'],

  /** Debian's packages are seen only by Debian's own Python, which may not be the first in PATH. */
  find() {
    const given = process.env.PYTHON_PATH;
    if (given && !runs(given)) throw new Error(`PYTHON_PATH is set, but "${given}" cannot import socketio and aiohttp`);
    const path = given ?? [...inPath('python3'), ...['/usr/bin/python3'].filter(existsSync)].find(runs);
    return path && (async () => ({ env: { PYTHON_PATH: path }, stop: async () => {} }));
  },
};

const runs = (path) =>
  spawnSync(path, ['-c', 'import socketio, aiohttp'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
