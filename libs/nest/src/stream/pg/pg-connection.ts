import type { Clock } from '../../core/clock.js';
import type { SqlRow } from '../sql-database.port.js';
import { unavailable } from '../stream-errors.js';
import { sqlTypes, type PgClient, type PgClients } from './pg-pool.js';

const IDLE = 'I';

/** One connection out of a pool. A connection that breaks while nobody queries it must not end the process. */
export class PgConnection<Client extends PgClient = PgClient> {
  #broken = false;
  #ended = false;
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
  }
}
