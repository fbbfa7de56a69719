import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian, Fedora and a build of one's own put it. */
const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib'];
/** Node has threads. */
const file = join('faketime', 'libfaketimeMT.so.1');

/** A library that gives a process a wall clock of its own. The tests load it into nodes that they start. */
export const faketime = {
  name: 'faketime',
  wanted: 'libfaketime 0.9.10 or newer: package "faketime" of apt, "libfaketime" of dnf (or set FAKETIME_LIB)',
  packages: ['faketime'],

  find() {
    const given = process.env.FAKETIME_LIB;
    if (given && !works(given)) throw new Error(`FAKETIME_LIB is set, but "${given}" does not change the time of Node`);
    const path = given ?? candidates().find(works);
    return path && (async () => ({ env: { FAKETIME_LIB: path }, stop: async () => {} }));
  },
};

/** Debian has a folder for each architecture between the two. */
function candidates() {
  const found = folders.filter(existsSync);
  const between = found.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.includes('-linux-'))
      .map((name) => join(folder, name)),
  );
  return [...found, ...between].map((folder) => join(folder, file)).filter(existsSync);
}

/** A day ahead, with monotonic time as it is. */
function works(library) {
  const script =
    'const from = process.hrtime.bigint(); setTimeout(() => console.log(Date.now(), process.hrtime.bigint() - from < 10n ** 10n), 1)';
  const env = { ...process.env, LD_PRELOAD: library, FAKETIME: '+1d', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  const { stdout } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8', timeout: 10_000 });
  const [time, isMonotonic] = String(stdout).trim().split(' ');
  return Number(time) > Date.now() + 80_000_000 && isMonotonic === 'true';
}
