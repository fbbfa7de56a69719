import { wireError } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import type { Random } from '../core/random.js';
import type { SessionGateway } from './session.gateway.js';
import type { SessionOptions } from './session.options.js';
import type { SessionRegistry } from './session-registry.js';

const CHECK_INTERVAL_MS = 20;

export interface SessionDrainParts {
  readonly gateway: Pick<SessionGateway, 'drain'>;
  readonly registry: SessionRegistry;
  readonly options: Pick<SessionOptions, 'drainSpreadMs' | 'drainTimeoutMs'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Who leaves last must be gone before the others are closed: the rest of the spread is for its way, and for its answers. */
const LEAVING_SHARE = 0.8;

/** Empties a node before it stops: nobody is cut off unheard, and not all come back in the same moment. */
export class SessionDrain {
  #drained: Promise<void> | undefined;

  constructor(private readonly parts: SessionDrainParts) {}

  get started(): boolean {
    return this.#drained !== undefined;
  }

  drain(): Promise<void> {
    return (this.#drained ??= this.#drain());
  }

  async #drain(): Promise<void> {
    const { gateway, registry, options, random } = this.parts;
    const delayMs = (): number => Math.round(random() * options.drainSpreadMs * LEAVING_SHARE);
    gateway.drain(delayMs);
    for (const session of registry.all()) session.drain(delayMs());
    // Sessions leave by themselves, each at its own moment; only commands in flight are worth more patience.
    await this.#until(() => registry.isEmpty, options.drainSpreadMs);
    await this.#until(() => !registry.isBusy, options.drainTimeoutMs);
    for (const session of registry.all()) session.close(wireError('DRAINING', { retryAfterMs: delayMs() }));
  }

  async #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    const { clock } = this.parts;
    const deadline = clock.monotonic() + timeoutMs;
    while (!condition() && clock.monotonic() < deadline) {
      await new Promise<void>((resolve) => clock.after(CHECK_INTERVAL_MS, resolve));
    }
  }
}
