import { execFileSync } from 'node:child_process';
import { isRoot } from '../process/workspace.mjs';

/** Whom to run a program as that refuses to run as root; nobody else when we are not root. */
export function insteadOfRoot(program, name) {
  if (!isRoot) return undefined;
  try {
    const id = (flag) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch (cause) {
    throw new Error(`${program} does not run as root, and there is no user "${name}" to run it as`, { cause });
  }
}
