/** Texts by key, for one tab alone. @publicApi */
export interface TabStore {
  /** What was kept last for `key`; `null` when there is none. */
  getItem(key: string): string | null;
  /** Keeps `value` for `key`. */
  setItem(key: string, value: string): void;
}

/**
 * What the SDK needs of the place it runs in. The default works in browsers and in Node; tests and other runtimes
 * bring their own, whole or in part.
 *
 * @publicApi
 */
export interface Environment {
  /** ms since 1970 by the clock at the start; it only measures time that passes, and is never set back or forward. */
  readonly now: () => number;
  /** Runs `task` once after `delayMs`; the answer cancels it. */
  readonly after: (delayMs: number, task: () => void) => () => void;
  /** From 0 up to, not including, 1: the jitter of every retry. */
  readonly random: () => number;
  /** A new id for a command, unique over all clients. */
  readonly uuid: () => string;
  /**
   * Calls `listener` when connections may have died unnoticed: the network is back, the page is looked at again, the
   * device slept. The answer ends that.
   */
  readonly onWake: (listener: () => void) => () => void;
  /**
   * Outlives a reload of this tab and is shared by no other: `sessionStorage` where there is one. With it, a
   * `PositionStorage` that tabs share makes none of them skip events. Nothing where there are no tabs; it may throw.
   */
  readonly tabStore: () => TabStore | undefined;
  /** Takes what the SDK cannot hand to anybody, such as an exception in one of your listeners. */
  readonly report: (error: unknown) => void;
}
