import { randomUUID } from 'node:crypto';
import type { ChannelName } from '@millrace/protocol';
import { systemClock } from '../../core/clock.js';
import type { NewEvent } from '../../core/stream-event.js';
import type { SqlDatabase } from '../sql-database.port.js';
import { defaultStreamOptions, type StreamOptions } from '../stream.options.js';
import { SqlStreamStore, type StoreSeams } from '../store/sql-stream-store.js';
import { MemoryRecorder } from './memory-recorder.js';

/** One database for one file of tests, and stores on it. */
export class StreamHarness {
  readonly recorder = new MemoryRecorder();
  readonly #stores: SqlStreamStore[] = [];

  constructor(
    readonly database: SqlDatabase,
    private readonly end: () => Promise<void>,
  ) {}

  async openStore(
    options: Partial<StreamOptions> = {},
    seams: StoreSeams & { readonly database?: SqlDatabase } = {},
  ): Promise<SqlStreamStore> {
    const parts = {
      database: seams.database ?? this.database,
      options: { ...defaultStreamOptions, ...options },
      recorder: this.recorder,
      clock: systemClock,
    };
    const store = new SqlStreamStore(parts, seams);
    this.#stores.push(store);
    await store.start();
    return store;
  }

  async close(): Promise<void> {
    for (const store of this.#stores) await store.stop();
    await this.end();
  }
}

/** A name that no other test uses. */
export function newChannel(prefix = 'test'): ChannelName {
  return `${prefix}.${randomUUID()}` as ChannelName;
}

export function newEvent(channel: ChannelName, more: Partial<NewEvent> = {}): NewEvent {
  return { channel, id: randomUUID(), type: 'thing.happened', data: '{"n":1}', ...more };
}
