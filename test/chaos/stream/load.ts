import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PublishRecord } from './checker.js';

export interface Load {
  readonly url: string;
  readonly durationMs: number;
  readonly channels: number;
  readonly transactional: number;
  readonly direct: number;
  readonly eventsPerTransaction: number;
  readonly options?: { readonly passMaxEvents?: number };
  /** Planted faults: functions of the schema in place of the real ones. */
  readonly passFunction?: string;
  readonly stageFunction?: string;
}

const script = fileURLToPath(new URL('load-process.mjs', import.meta.url));

/** One process under load. */
export class LoadProcess {
  readonly #records: PublishRecord[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  readonly ready: Promise<void>;

  constructor(load: Load) {
    this.#child = fork(script, [JSON.stringify(load)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ended = once(this.#child, 'close');
    this.#ended = ended;
    this.ready = new Promise((resolve, reject) => {
      ended.then(() => reject(new Error('A load process ended before it was ready')), reject);
      this.#child.on('message', (message: 'ready' | readonly PublishRecord[]) => {
        if (message === 'ready') resolve();
        else this.#records.push(...message);
      });
    });
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async records(): Promise<readonly PublishRecord[]> {
    const [code] = await this.#ended;
    if (code !== 0) throw new Error(`A load process ended with ${String(code)}`);
    return this.#records;
  }
}
