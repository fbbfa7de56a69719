import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inPath } from '../process/workspace.mjs';

export const haproxy = {
  name: 'haproxy',
  wanted: 'HAProxy 2.6 or newer (or set HAPROXY_PATH)',
  packages: ['haproxy'],

  /** The tests start it themselves, before nodes of their own. */
  find() {
    const given = process.env.HAPROXY_PATH;
    if (given && !runs(given)) throw new Error(`HAPROXY_PATH is set, but "${given} -v" fails`);
    // Debian has it where only root's PATH leads.
    const path = given ?? [...inPath('haproxy'), ...['/usr/sbin/haproxy'].filter(existsSync)].find(runs);
    return path && (async () => ({ env: { HAPROXY_PATH: path }, stop: async () => {} }));
  },
};

const runs = (path) => spawnSync(path, ['-v'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
