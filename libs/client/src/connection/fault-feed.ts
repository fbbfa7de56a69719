import type { WireError } from '@millrace/protocol';

/** Lets each kind of fault through once, until there was a connection: a client that tries on and on repeats itself. */
export class FaultFeed {
  readonly #told = new Set<string>();

  constructor(private readonly tell: (error: WireError) => void) {}

  fault(error: WireError): void {
    const kind = `${error.code} ${error.reason}`;
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.tell(error);
  }

  connected(): void {
    this.#told.clear();
  }
}
