import type { Server } from 'node:http';
import type { Clock } from '../core/clock.js';

/** An application may try another port, or the same one again. */
const PATIENCE_MS = 3_000;

/** Notices that an application's HTTP server could not listen, and does not listen a while later either. */
export class ListenWatch {
  #cancel: () => void = () => {};

  constructor(
    private readonly http: Pick<Server, 'listening'>,
    private readonly clock: Clock,
    private readonly givenUp: (error: unknown) => void,
  ) {}

  /** Hears of every error of the HTTP server. */
  failed(error: unknown): void {
    if ((error as { readonly syscall?: unknown } | undefined)?.syscall !== 'listen') return;
    this.stop();
    this.#cancel = this.clock.after(PATIENCE_MS, () => {
      if (!this.http.listening) this.givenUp(error);
    });
  }

  stop(): void {
    this.#cancel();
  }
}
