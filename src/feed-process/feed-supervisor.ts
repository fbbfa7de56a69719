import type { FeedChild } from './feed-child.js';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly child: FeedChild; readonly exited: Promise<void> }
  | { readonly kind: 'waiting'; readonly cancel: () => void }
  | { readonly kind: 'stopped' };

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** A feed that ran this long had started well: its end counts as the first failure. */
const LASTING_MS = 60_000;
/** Above what a feed needs that waits for one answer. */
const KILL_AFTER_MS = 1_500;

/** Keeps a feed running until it is at the end of its data. */
export class FeedSupervisor {
  #state: State = { kind: 'idle' };
  #failures = 0;

  constructor(
    private readonly startChild: () => FeedChild,
    private readonly say: (line: string) => void,
  ) {}

  start(): void {
    if (this.#state.kind === 'idle') this.#run();
  }

  /** Resolves when no feed runs any more. */
  async stop(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'stopped' };
    if (state.kind === 'waiting') state.cancel();
    if (state.kind !== 'running') return;
    state.child.kill('SIGTERM');
    const timer = setTimeout(() => state.child.kill('SIGKILL'), KILL_AFTER_MS);
    await state.exited;
    clearTimeout(timer);
  }

  #run(): void {
    const child = this.startChild();
    const startedAt = performance.now();
    const exited = new Promise<void>((resolve) => {
      child.onExit((code) => {
        if (this.#state.kind === 'running') this.#ended(code, performance.now() - startedAt);
        resolve();
      });
    });
    this.#state = { kind: 'running', child, exited };
  }

  #ended(code: number | undefined, ranMs: number): void {
    this.#state = { kind: 'idle' };
    // 0: the end of the data, or Ctrl-C, which reaches the feed as well.
    if (code === 0) return;
    this.#failures = ranMs >= LASTING_MS ? 1 : this.#failures + 1;
    const pauseMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (this.#failures - 1));
    this.say(
      `The feed ended (${code === undefined ? 'killed' : `exit code ${code}`}); starting it again in ${pauseMs / 1_000} s`,
    );
    const timer = setTimeout(() => this.#run(), pauseMs);
    this.#state = { kind: 'waiting', cancel: () => clearTimeout(timer) };
  }
}
