import type { ChannelName } from '@millrace/protocol';
import type { EventBatch } from '../../core/stream-event.js';
import type { Broker } from '../broker.port.js';

export type Fault = 'none' | 'lose' | 'double' | 'swap';

/** Does to batches what a broker may do: each one meets the next fault. `swap` lets the following batch go first. */
export class FaultyBroker implements Broker {
  #late: EventBatch[] = [];

  constructor(
    private readonly inner: Broker,
    private readonly nextFault: () => Fault,
  ) {}

  start(deliver: (batch: EventBatch) => void): Promise<void> {
    return this.inner.start(deliver);
  }

  stop(): Promise<void> {
    return this.inner.stop();
  }

  publish(batches: readonly EventBatch[]): void {
    for (const batch of batches) this.inner.publish(this.#meet(batch));
  }

  subscribe(channel: ChannelName): Promise<void> {
    return this.inner.subscribe(channel);
  }

  unsubscribe(channel: ChannelName): void {
    this.inner.unsubscribe(channel);
  }

  #meet(batch: EventBatch): EventBatch[] {
    const late = this.#late;
    this.#late = [];
    switch (this.nextFault()) {
      case 'none':
        return [batch, ...late];
      case 'lose':
        return late;
      case 'double':
        return [batch, batch, ...late];
      case 'swap':
        this.#late = [batch];
        return late;
    }
  }
}

/** Faults in a sequence that `seed` fixes; about every third batch meets one. */
export function seededFaults(seed: number): () => Fault {
  const faults: readonly Fault[] = ['lose', 'double', 'swap'];
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return faults[Math.floor((state / 2 ** 32) * 9)] ?? 'none';
  };
}
