import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './environment.js';

/**
 * The folder of the embedded database, which two processes at once would destroy: unlike a server, it keeps no lock of
 * its own. The lock is a file with the id of its owner; that of a process that is gone is taken over.
 */
export class DataFolder {
  readonly #lock: string;

  private constructor(folder: string) {
    this.#lock = join(folder, 'owner.pid');
  }

  /** Makes the folder where there is none. @throws ConfigError when another process has it */
  static take(folder: string): DataFolder {
    mkdirSync(folder, { recursive: true });
    const taken = new DataFolder(folder);
    if (taken.#take()) return taken;
    const owner = taken.#owner();
    if (owner !== undefined && isAlive(owner)) {
      throw new ConfigError(
        `DATA_DIR: ${folder} is in use by process ${owner}. End it, or set DATA_DIR to another folder`,
      );
    }
    rmSync(taken.#lock, { force: true });
    if (!taken.#take()) throw new ConfigError(`DATA_DIR: another process has just taken ${folder}`);
    return taken;
  }

  release(): void {
    if (this.#owner() === process.pid) rmSync(this.#lock, { force: true });
  }

  #take(): boolean {
    try {
      writeFileSync(this.#lock, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  #owner(): number | undefined {
    try {
      const owner = Number.parseInt(readFileSync(this.#lock, 'utf8'), 10);
      return Number.isNaN(owner) ? undefined : owner;
    } catch {
      return undefined;
    }
  }
}

/** In a container the same process id comes back after each restart, and it is our own. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
