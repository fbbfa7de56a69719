import type { Clock } from '../../core/clock.js';
import { isBadRow, isConnectionLost, isPartitionMissing, isUnfit } from '../sql-error.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';
import { unavailable } from '../stream-errors.js';
import type { PgConnection } from './pg-connection.js';

interface KeptOptions {
  readonly timeoutMs: number;
  readonly connect: () => Promise<PgConnection>;
  readonly clock: Clock;
}

/**
 * One connection that is kept until a call fails for another reason than its rows: it may have broken, or lead to the
 * standby of a failover, or have a setting that somebody left, and would fail in the same way for ever. A call that does
 * not end in time loses its connection: its answer, like that of every cut call, is in doubt.
 */
export class KeptConnection implements SqlExecutor {
  #connection: Promise<PgConnection> | undefined;
  readonly #dropped = new WeakSet<PgConnection>();

  constructor(private readonly options: KeptOptions) {}

  async query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    const connection = await this.#connected();
    const cancel = this.options.clock.after(this.options.timeoutMs, () => this.#drop(connection));
    try {
      return await connection.query(sql, params);
    } catch (error) {
      if (!isBadRow(error) && !isPartitionMissing(error)) this.#drop(connection);
      throw isConnectionLost(error) || isUnfit(error) ? unavailable(error, 'unknown') : error;
    } finally {
      cancel();
    }
  }

  async stop(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    if (connection) this.#drop(connection);
  }

  /** Gives it back at once, whatever it does: its pool waits for it, and nobody waits for its answer any more. */
  release(): void {
    this.#connection?.then((connection) => this.#drop(connection)).catch(() => {});
  }

  async #connected(): Promise<PgConnection> {
    const connection = await this.#connect();
    if (!connection.isBroken) return connection;
    this.#drop(connection);
    return this.#connect();
  }

  #connect(): Promise<PgConnection> {
    if (this.#connection) return this.#connection;
    const connecting = this.options.connect();
    this.#connection = connecting;
    connecting.catch(() => {
      this.#connection = undefined;
    });
    return connecting;
  }

  #drop(connection: PgConnection): void {
    if (this.#dropped.has(connection)) return;
    this.#dropped.add(connection);
    this.#connection = undefined;
    connection.destroy();
  }
}
