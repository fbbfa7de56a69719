import type { ChannelName, PositionToken } from '@millrace/protocol';
import type { Environment } from '../environment/environment.port.js';

/**
 * Where the position of a subscription outlives the page or process, for example over `localStorage`. It may fail as
 * it likes: events go on.
 *
 * @publicApi
 */
export interface PositionStorage {
  get(channel: ChannelName): string | null | undefined | Promise<string | null | undefined>;
  /** Called right before the event at `position` is handed over; one call at a time, the newest position wins. */
  set(channel: ChannelName, position: PositionToken): unknown;
}

const LOAD_TIMEOUT_MS = 5_000;

/** Keeps one channel's position in a storage that may throw, reject or never answer. */
export class PositionKeeper {
  #saving: 'idle' | 'saving' = 'idle';
  #next: PositionToken | undefined;

  constructor(
    private readonly channel: ChannelName,
    private readonly storage: PositionStorage,
    private readonly environment: Environment,
  ) {}

  /** Calls `onLoaded` once, before it returns when the storage answers at once. */
  load(onLoaded: (token: string | undefined) => void): void {
    let loaded = onLoaded;
    const finish = (token: unknown) => {
      const tell = loaded;
      loaded = () => {};
      cancel();
      tell(typeof token === 'string' ? token : undefined);
    };
    const fail = (error: unknown) => {
      this.environment.report(error);
      finish(undefined);
    };
    const cancel = this.environment.after(LOAD_TIMEOUT_MS, () =>
      fail(new Error(`The storage did not answer for "${this.channel}" within ${LOAD_TIMEOUT_MS} ms`)),
    );
    try {
      const answer = this.storage.get(this.channel);
      if (answer instanceof Promise) answer.then(finish, fail);
      else finish(answer);
    } catch (error) {
      fail(error);
    }
  }

  save(token: PositionToken): void {
    this.#next = this.#saving === 'saving' ? token : undefined;
    if (this.#saving === 'saving') return;
    try {
      const answer = this.storage.set(this.channel, token);
      if (answer instanceof Promise) this.#await(answer);
    } catch (error) {
      this.environment.report(error);
    }
  }

  /** Two writes at once may land in the wrong order. */
  #await(write: Promise<unknown>): void {
    this.#saving = 'saving';
    const finish = () => {
      this.#saving = 'idle';
      if (this.#next !== undefined) this.save(this.#next);
    };
    write.then(finish, (error: unknown) => {
      this.environment.report(error);
      finish();
    });
  }
}
