import { wireError } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import type { Random } from '../core/random.js';
import type { SessionGateway } from './session.gateway.js';
import type { SessionOptions } from './session.options.js';
import type { SessionRegistry } from './session-registry.js';

const CHECK_INTERVAL_MS = 20;

/** Empties a node before it stops: nobody is cut off unheard, and not all come back in the same moment. */
export class SessionDrain {
  #drained: Promise<void> | undefined;

  constructor(
    private readonly gateway: Pick<SessionGateway, 'drain'>,
    private readonly registry: SessionRegistry,
    private readonly options: Pick<SessionOptions, 'drainSpreadMs' | 'drainTimeoutMs'>,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  get started(): boolean {
    return this.#drained !== undefined;
  }

  drain(): Promise<void> {
    return (this.#drained ??= this.#drain());
  }

  async #drain(): Promise<void> {
    const delayMs = (): number => Math.round(this.random() * this.options.drainSpreadMs);
    this.gateway.drain(delayMs);
    for (const session of this.registry.all()) session.drain(delayMs());
    // Sessions leave by themselves, each at its own moment; only commands in flight are worth more patience.
    await this.#until(() => this.registry.isEmpty, this.options.drainSpreadMs);
    await this.#until(() => !this.registry.isBusy, this.options.drainTimeoutMs);
    for (const session of this.registry.all()) session.close(wireError('DRAINING', { retryAfterMs: delayMs() }));
  }

  async #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = this.clock.now() + timeoutMs;
    while (!condition() && this.clock.now() < deadline) {
      await new Promise<void>((resolve) => this.clock.after(CHECK_INTERVAL_MS, resolve));
    }
  }
}
