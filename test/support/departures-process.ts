import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const main = 'dist/main.js';

export interface DeparturesOptions {
  /** Folder of the embedded database, which is used unless `env` has a `DATABASE_URL`. */
  readonly dataDir: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The built app, in a process of its own and on a port of its own. Of the services around it has only what it is given. */
export class DeparturesProcess {
  /** Everything it printed, line by line. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #url = '';

  private constructor({ dataDir, args = [], env = {} }: DeparturesOptions) {
    if (!existsSync(`${root}${main}`)) throw new Error(`${main} is not there: npm run build`);
    const { DATABASE_URL: _database, REDIS_URL: _redis, FEED: _feed, ...inherited } = process.env;
    this.#child = spawn(process.execPath, [main, ...args], {
      cwd: root,
      env: { ...inherited, ...env, PORT: '0', DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = new Promise((resolve) => this.#child.once('exit', resolve));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        this.lines.push(...lines);
      });
    }
  }

  /** Resolves once it answers. */
  static async start(options: DeparturesOptions): Promise<DeparturesProcess> {
    const started = new DeparturesProcess(options);
    const line = await started.waitForLine(/^Departures: http/).catch(async (error: unknown) => {
      await started.kill();
      throw error;
    });
    started.#url = line.replace('Departures: ', '');
    return started;
  }

  get url(): string {
    return this.#url;
  }

  async waitForLine(pattern: RegExp, timeoutMs = 40_000): Promise<string> {
    const find = (): string | undefined => this.lines.find((line) => pattern.test(line));
    const missing = (): Error => new Error(`No line is like ${String(pattern)}. Printed:\n${this.lines.join('\n')}`);
    const found = await vi.waitFor(
      () => {
        const line = find();
        if (line === undefined && this.#child.exitCode === null && this.#child.signalCode === null) throw missing();
        return line;
      },
      { timeout: timeoutMs, interval: 50 },
    );
    if (found === undefined) throw missing();
    return found;
  }

  /** Processes that it started and that still run: the feed. */
  children(): number[] {
    return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === this.#child.pid)
      .flatMap(([pid]) => (pid !== undefined && isAlive(pid) ? [pid] : []));
  }

  /** Asks it to end. The answer is its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }

  /** Ends it without a chance to tidy up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
