import type { Clock } from '../../core/clock.js';
import { inTime, LATE } from '../../core/in-time.js';
import type { SqlRow } from '../sql-database.port.js';
import { unavailable } from '../stream-errors.js';
import type { PgClient, PgClients } from './pg-pool.js';
import { sqlTypes } from './sql-types.js';

const IDLE = 'I';

/** One connection out of a pool. A connection that breaks while nobody queries it must not end the process. */
export class PgConnection<Client extends PgClient = PgClient> {
  #broken = false;
  #ended = false;
  #onEnd = (): void => {};
  readonly #onError = (): void => {
    this.#broken = true;
  };

  private constructor(readonly client: Client) {
    client.on('error', this.#onError);
  }

  /** @throws CodedError STREAM_UNAVAILABLE */
  static async from<Client extends PgClient>(pool: PgClients<Client>): Promise<PgConnection<Client>> {
    try {
      return new PgConnection(await pool.connect());
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * The same for whoever waits only so long: a pool of the application may have no limit, and one that is ended while its
   * clients are all taken never answers. A client that comes later goes back.
   *
   * @throws CodedError STREAM_UNAVAILABLE
   */
  static async inTime(pool: PgClients, clock: Clock, timeoutMs: number): Promise<PgConnection> {
    const connecting = PgConnection.from(pool);
    const connection = await inTime(clock, timeoutMs, connecting);
    if (connection !== LATE) return connection;
    connecting.then((late) => late.release()).catch(() => {});
    throw unavailable(new Error(`The pool gave no connection in ${timeoutMs} ms`));
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  /** Whether no transaction is open. Not known of a driver that does not tell. */
  get isIdle(): boolean {
    return this.client.getTransactionStatus?.() === IDLE;
  }

  async query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    const { rows } = await this.client.query({ text: sql, values: [...params], types: sqlTypes });
    return rows;
  }

  /** Runs statements without parameters; the answer is the tag of the last one, such as `COMMIT`. */
  async command(sql: string): Promise<string> {
    const answer = await this.client.query({ text: sql });
    const last = Array.isArray(answer) ? (answer as (typeof answer)[]).at(-1) : answer;
    return last?.command ?? '';
  }

  /**
   * Whoever does not answer by then is taken for gone, since a network that swallows everything says nothing for a
   * quarter of an hour: `work` rejects, and the connection takes no place in its pool any more.
   */
  async within<T>(timeoutMs: number, clock: Clock, work: () => Promise<T>): Promise<T> {
    const cancel = clock.after(timeoutMs, () => this.destroy());
    try {
      return await work();
    } finally {
      cancel();
    }
  }

  /** Calls back when it is released or destroyed. */
  whenEnded(task: () => void): void {
    this.#onEnd = task;
  }

  release(): void {
    this.#end(this.#broken);
  }

  /** Whatever the server is doing for this connection ends in a roll-back. */
  destroy(): void {
    this.#end(true);
  }

  /** Once: who gives up waiting ends it before the one who works with it does. */
  #end(destroy: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.client.release(destroy);
    // A destroyed client may still say that its socket broke.
    if (!destroy) this.client.removeListener('error', this.#onError);
    this.#onEnd();
  }
}
