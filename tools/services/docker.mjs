import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** The command alone says nothing: it is often installed where no daemon runs, or where we may not talk to it. */
export function dockerUsable() {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** The commands for a guard that run an image in the foreground: the client hands our signals on to the container. */
export function inDocker({ image, publish, env = {}, args }) {
  const name = `millrace-${randomBytes(6).toString('hex')}`;
  const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  return {
    prepare: [['docker', 'pull', '--quiet', image]],
    serve: ['docker', 'run', '--rm', '--name', name, '-p', publish, ...variables, image, ...args],
    cleanUp: ['docker', 'rm', '--force', name],
  };
}
