import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The first start of the embedded database takes 3 s of a processor, and ten times that where many want one. */
const PRINTS_MS = 50_000;
const STOPS_MS = 20_000;

/** A process that runs until it is stopped, and what it prints. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #output = '';

  constructor(line: string, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
    // Without `exec`, the shell would get the signal and not the program.
    this.#child = spawn('sh', ['-c', `exec ${line}`], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = once(this.#child, 'close').then(() => this.#tell());
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#tell();
      });
    }
  }

  /** What `pattern` finds in the output, now or later. Rejects with the output when it is not there in time. */
  prints(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const missing = () => reject(new Error(`${pattern.source} is not in the output:\n${this.#output}`));
      const timer = setTimeout(missing, PRINTS_MS);
      const look = (): void => {
        const found = pattern.exec(this.#output);
        if (!found && !this.#isOver) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        if (found) resolve(found);
        else missing();
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Ends it, and says how it ended. */
  async stop(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    if (!this.#isOver) {
      const kill = setTimeout(() => this.#child.kill('SIGKILL'), STOPS_MS);
      this.#child.kill('SIGTERM');
      await this.#ended;
      clearTimeout(kill);
    }
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
