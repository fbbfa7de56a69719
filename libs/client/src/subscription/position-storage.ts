import type { ChannelName } from '@millrace/protocol';
import type { Environment } from '../environment/environment.port.js';
import { isThenable } from '../thenable.js';
import { tabPosition } from './tab-position.js';

/**
 * Where the position of a subscription outlives the page or process. Tabs may share one: each also remembers in its own
 * `sessionStorage` how far it came, and begins at the older of the two; a tab that is opened begins where the last one
 * wrote. Two processes, or two clients of one page that follow the same channel, need a storage each: of the one that is
 * behind, the other's position would hide events. It may fail as it likes: events go on, and a failure is
 * reported once, until it works again. When `get` fails, is silent for 5 s or answers with something that is no position, the
 * subscription begins at the head and says `discontinuity`, reason `mismatch`.
 *
 * @publicApi
 */
export interface PositionStorage {
  /** What was kept last for `channel`; nothing when there is none. */
  get(channel: ChannelName): string | null | undefined | Promise<string | null | undefined>;
  /**
   * Called right before the event at `position` is handed over; one call at a time, the newest position wins. The text
   * says whose position it is, too: for another user it is not used.
   */
  set(channel: ChannelName, position: string): unknown;
}

const LOAD_TIMEOUT_MS = 5_000;

/** Keeps one channel's position in a storage that may throw, reject or never answer. */
export class PositionKeeper {
  #saving: 'idle' | 'saving' = 'idle';
  /** A storage that is full fails with every event: it is reported once, and again after it worked. */
  #health: 'good' | 'failing' = 'good';
  #next: string | undefined;
  readonly #tab: ReturnType<typeof tabPosition>;

  constructor(
    private readonly channel: ChannelName,
    private readonly storage: PositionStorage,
    private readonly environment: Environment,
    /** The server, whose channel it is. */
    server: string,
  ) {
    this.#tab = tabPosition(`millrace ${server} ${channel}`, environment);
  }

  /**
   * Calls `onLoaded` once, before it returns when the storage answers at once; the answer gives that up. A token that
   * cannot be had is an empty one: there may have been a position, and events after it.
   */
  load(onLoaded: (token: string | undefined) => void): () => void {
    let loaded = onLoaded;
    const stop = () => {
      loaded = () => {};
      cancel();
    };
    const finish = (token: unknown) => {
      const tell = loaded;
      stop();
      if (typeof token !== 'string') return tell(token === undefined || token === null ? undefined : '');
      const start = this.#tab.startFrom(token);
      this.#tab.remember(start);
      tell(start);
    };
    const fail = (error: unknown) => {
      this.environment.report(error);
      finish('');
    };
    const cancel = this.environment.after(LOAD_TIMEOUT_MS, () =>
      fail(new Error(`The storage for "${this.channel}" did not answer within ${LOAD_TIMEOUT_MS} ms`)),
    );
    try {
      const answer = this.storage.get(this.channel);
      if (isThenable(answer)) Promise.resolve(answer).then(finish, fail);
      else finish(answer);
    } catch (error) {
      fail(error);
    }
    return stop;
  }

  save(token: string): void {
    this.#tab.remember(token);
    this.#next = this.#saving === 'saving' ? token : undefined;
    if (this.#saving === 'saving') return;
    try {
      const answer = this.storage.set(this.channel, token);
      if (isThenable(answer)) this.#await(answer);
      else this.#health = 'good';
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#health === 'good') this.environment.report(error);
    this.#health = 'failing';
  }

  /** Two writes at once may land in the wrong order. */
  #await(write: PromiseLike<unknown>): void {
    this.#saving = 'saving';
    const finish = () => {
      this.#saving = 'idle';
      if (this.#next !== undefined) this.save(this.#next);
    };
    Promise.resolve(write).then(
      () => {
        this.#health = 'good';
        finish();
      },
      (error: unknown) => {
        this.#failed(error);
        finish();
      },
    );
  }
}
