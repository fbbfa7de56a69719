import type { Clock } from '../clock.js';

const QUIET_MS = 1_000;
/** Classes of errors that are told apart within a second; more of them share one. */
const MAX_CLASSES = 50;
const OTHERS = 'others';

interface Line {
  /** Of the entry that was written. */
  readonly id: string;
  left: number;
}

/**
 * Lets one entry of a class through a second. What is left out meanwhile is counted, told under the id of the entry that
 * was written, and said at the end: a client can cause errors as fast as it can send frames, and each has a stack.
 */
export class RepeatedLines {
  readonly #lines = new Map<string, Line>();

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    /** Says how many were left out. */
    private readonly tell: (left: number, id: string) => void,
  ) {}

  /** The id of the entry that stands for an error of `kind`; `write` is called when that is a new one. */
  writeOnce(kind: string, id: string, write: () => void): string {
    const key = this.#lines.has(kind) || this.#lines.size < MAX_CLASSES ? kind : OTHERS;
    const known = this.#lines.get(key);
    if (known) {
      known.left++;
      return known.id;
    }
    const line: Line = { id, left: 0 };
    this.#lines.set(key, line);
    this.clock.after(QUIET_MS, () => {
      this.#lines.delete(key);
      if (line.left > 0) this.tell(line.left, line.id);
    });
    write();
    return id;
  }
}
