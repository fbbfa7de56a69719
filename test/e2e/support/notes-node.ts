import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { NotesConfig } from '../../apps/notes/notes.config.js';
import { readMetrics, type Metrics } from './metrics.js';
import { until } from './until.js';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('../../apps/dist/notes/main.js', import.meta.url));
const STARTS_WITHIN_MS = 20_000;
const MAX_OUTPUT = 100_000;

/** Has a node speak the version of the wire protocol after this one. */
export const nextProtocol = fileURLToPath(new URL('next-protocol.mjs', import.meta.url));

export interface NodeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it printed. */
  readonly output: string;
}

/** One node of Millrace: the application of `test/apps/notes` in a process of its own. */
export class NotesNode {
  readonly #child: ChildProcess;
  #output = '';
  #seenMetrics = '';
  #port: number | undefined;
  #ending: 'by-itself' | 'by-signal' = 'by-itself';
  readonly exited: Promise<NodeExit>;

  constructor(config: NotesConfig, preload?: string, more: NodeJS.ProcessEnv = {}) {
    const env = { ...process.env, NODE_ENV: 'test', NOTES_CONFIG: JSON.stringify(config), ...more };
    // The channel is there to be closed: the node ends when this process does.
    const args = preload === undefined ? [program] : ['--import', preload, program];
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-MAX_OUTPUT)));
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve({ code, signal, output: this.#output }));
    });
  }

  /** Rejects with what the process printed when it ends instead of listening. */
  static async start(config: NotesConfig, preload?: string, env?: NodeJS.ProcessEnv): Promise<NotesNode> {
    const node = new NotesNode(config, preload, env);
    await node.#listen();
    return node;
  }

  get port(): number {
    if (this.#port === undefined) throw new Error('The node does not listen');
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it printed before it ended without being told to. */
  get crash(): string | undefined {
    const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
    return hasEnded && this.#ending === 'by-itself' ? this.#output : undefined;
  }

  /** The end of what it has printed so far. */
  get output(): string {
    return this.#output;
  }

  signal(signal: NodeJS.Signals): void {
    // A process that has ended takes no signal.
    if (this.#child.kill(signal)) this.#ending = 'by-signal';
  }

  /** kill -9, unless it has ended. */
  async kill(): Promise<NodeExit> {
    this.signal('SIGKILL');
    return this.exited;
  }

  async readiness(): Promise<number> {
    return (await fetch(`${this.url}/health/ready`)).status;
  }

  async liveness(): Promise<number> {
    return (await fetch(`${this.url}/health/live`)).status;
  }

  /** Resident, as the operating system counts it. */
  async memoryBytes(): Promise<number> {
    const { stdout } = await execute('ps', ['-o', 'rss=', '-p', String(this.#child.pid)]);
    return Number(stdout) * 1_024;
  }

  /** As of now: a node keeps its answer for a moment, so one that was seen before is asked for again. */
  async metrics(): Promise<Metrics> {
    const fresh = async (): Promise<boolean> => {
      const text = await (await fetch(`${this.url}/metrics`)).text();
      // No two are alike: each has the time that the process has used.
      if (text === this.#seenMetrics) return false;
      this.#seenMetrics = text;
      return true;
    };
    await until('the node has counted anew', fresh);
    return readMetrics(this.#seenMetrics);
  }

  async #listen(): Promise<void> {
    const lines = createInterface({ input: this.#child.stdout! });
    this.#port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        void this.kill();
        reject(new Error(`The node does not listen after ${STARTS_WITHIN_MS} ms: ${this.#output}`));
      }, STARTS_WITHIN_MS);
      lines.on('line', (line) => {
        if (!line.startsWith('{"port"')) return;
        clearTimeout(timer);
        resolve((JSON.parse(line) as { port: number }).port);
      });
      void this.exited.then(({ code, output }) => {
        clearTimeout(timer);
        reject(new Error(`The node ended with ${code}: ${output}`));
      });
    });
  }
}
