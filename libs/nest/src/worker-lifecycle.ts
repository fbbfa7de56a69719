import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Readiness } from './health/readiness.js';
import { roomsKey } from './session/rooms/rooms-key.js';
import { systemClock } from './core/clock.js';
import { stopSteps } from './stop-steps.js';
import type { WorkerRing } from './worker-ring.js';

/** Starts and stops a process that only publishes. */
export class WorkerLifecycle implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  #stopped: Promise<void> | undefined;

  constructor(
    private readonly ring: WorkerRing,
    private readonly readiness: Readiness,
  ) {}

  async onModuleInit(): Promise<void> {
    const { trace, store, keys, redis, sender, live, sequencer, wait } = this.ring;
    await trace.start();
    await store.start();
    await wait.until(() => keys.start());
    if (redis) {
      redis.publisher.start();
      live.connect(redis.publisher, roomsKey(redis.options.prefix, await wait.until(() => this.ring.installation())));
      await wait.until(async () => sender?.start());
    }
    sequencer.start();
    this.readiness.start();
  }

  beforeApplicationShutdown(): void {
    this.ring.wait.halt();
  }

  onApplicationShutdown(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  #stop(): Promise<void> {
    const { sequencer, store, keys, redis, database, wait } = this.ring;
    wait.halt();
    return stopSteps(systemClock, [
      ['readiness', () => this.readiness.stop()],
      ['sequencer', () => sequencer.stop()],
      ['store', () => store.stop()],
      ['secrets', () => keys.stop()],
      ['Redis', () => redis?.publisher.stop()],
      ['database', () => database.stop()],
      ['start', () => wait.end()],
    ]);
  }
}
