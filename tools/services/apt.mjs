import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { inPath, isRoot } from '../process/workspace.mjs';

const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';

export const isUbuntu = () => /^ID=ubuntu$/m.test(release);

/** Only where we are root already: nobody is asked for a password, and no sudo is tried behind his back. */
export const aptUsable = () => isRoot && existsSync('/etc/debian_version') && inPath('apt-get').length > 0;

/**
 * A package may start a system service of its own (PostgreSQL and Redis do where systemd runs). That is tolerated:
 * the tests never talk to it, theirs run on ports of their own.
 */
export function aptInstall(packages) {
  console.log(`Installing ${packages.join(', ')} with apt-get`);
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...packages);
}

function apt(...args) {
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=180', '-o', 'Acquire::Retries=3', '-o', 'Dpkg::Use-Pty=0'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync('apt-get', [...options, ...args], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${stdout}${stderr}`);
}
