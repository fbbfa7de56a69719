import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceAddress } from '../../support/service-address.js';

/** The wall clock of one process, which a test sets. Its monotonic time stays as it is. */
export class WallClock {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-clock-'));

  constructor(aheadMs = 0) {
    this.set(aheadMs);
  }

  /** What a process is started with that goes by this clock. */
  get env(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: serviceAddress('FAKETIME_LIB'),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** The process sees it at its next look at the clock. */
  set(aheadMs: number): void {
    const seconds = aheadMs / 1_000;
    // Moved into its place, or the process could read it half written.
    writeFileSync(`${this.#file}.new`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}s\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.#folder, 'time');
  }
}
