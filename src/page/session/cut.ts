import type { Client } from '@millrace/client';

export const CUT_MS = 10_000;

/** Cuts the connection on purpose, for a while. */
export class Cut {
  #until: number | undefined;

  constructor(
    private readonly client: Pick<Client, 'connect' | 'disconnect'>,
    private readonly now: () => number,
    private readonly after: (delayMs: number, task: () => void) => () => void,
  ) {}

  /** When the connection comes back, in ms since 1970, while it is cut. */
  get until(): number | undefined {
    return this.#until;
  }

  begin(): void {
    if (this.#until !== undefined) return;
    this.#until = this.now() + CUT_MS;
    this.after(CUT_MS, () => {
      this.#until = undefined;
      this.client.connect();
    });
    this.client.disconnect();
  }
}
