import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a process of the bench does when it is asked; everything passes as JSON. */
export type Operations = Record<string, (...args: never[]) => unknown>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

type Asked<T extends Operations, K extends keyof T> = Promise<Awaited<ReturnType<T[K]>>>;

const ANSWERS_WITHIN_MS = 120_000;
const ENDS_WITHIN_MS = 10_000;

/** This process answers its parent, until that ends. */
export function answerParent(operations: Operations): void {
  process.on('message', (call: Call) => {
    void answerTo(call, operations).then((answer) => process.send?.(answer));
  });
  process.once('disconnect', () => process.exit());
  process.send?.({ id: 0 } satisfies Answer);
}

async function answerTo({ id, name, args }: Call, operations: Operations): Promise<Answer> {
  try {
    return { id, result: await operations[name]?.(...(args as never[])) };
  } catch (error) {
    return { id, error: String(error instanceof Error ? error.stack : error) };
  }
}

/** A process of the bench, as its parent has it. */
export class Remote<T extends Operations> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;

  private constructor(
    private readonly program: string,
    env: Readonly<Record<string, string>>,
    execArgv: readonly string[],
  ) {
    const path = fileURLToPath(new URL(`${program}.js`, import.meta.url));
    this.#child = fork(path, { env: { ...process.env, ...env }, execArgv: [...execArgv] });
    this.#child.on('message', ({ id, result, error }: Answer) => {
      const call = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(`${program}: ${error}`));
    });
    this.#child.once('exit', (code, signal) => {
      const error = new Error(`${program} ended: ${signal ?? code}`);
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  /** Resolves when it is ready. */
  static async start<T extends Operations>(
    program: string,
    env: Readonly<Record<string, string>> = {},
    execArgv: readonly string[] = [],
  ): Promise<Remote<T>> {
    const remote = new Remote<T>(program, env, execArgv);
    await remote.#answer(0);
    return remote;
  }

  call<K extends keyof T & string>(name: K, ...args: Parameters<T[K]>): Asked<T, K> {
    const id = ++this.#calls;
    this.#child.send({ id, name, args } satisfies Call);
    return this.#answer(id) as Asked<T, K>;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    // It exits by itself then, and writes its profile before.
    this.#child.disconnect();
    const hardStop = setTimeout(() => this.#child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await ended;
    clearTimeout(hardStop);
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.program} does not answer`)), ANSWERS_WITHIN_MS);
      const settle =
        <V>(then: (value: V) => void) =>
        (value: V): void => {
          clearTimeout(timer);
          then(value);
        };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
    });
  }
}
