import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { copyWorkspace } from './workspace-copy.js';

const execute = promisify(execFile);

/** The Nest CLI on a copy of this workspace, which it may write to. */
export class NestCli {
  readonly #copy = copyWorkspace();

  get folder(): string {
    return this.#copy.folder;
  }

  /** Rejects with the command's output when it exits with another code than 0. */
  async run(timeoutMs: number, ...args: string[]): Promise<string> {
    const command = join(this.folder, 'node_modules/@nestjs/cli/bin/nest.js');
    const { stdout } = await execute(process.execPath, [command, ...args], { cwd: this.folder, timeout: timeoutMs });
    return stdout;
  }

  remove(): void {
    this.#copy.remove();
  }
}
