import type { Clock } from '../../core/clock.js';
import { unavailable } from '../stream-errors.js';
import type { PgConnection } from './pg-connection.js';
import { ANSWER_TIMEOUT_MS, PgTransaction } from './pg-transaction.js';

/** So that whoever gives a transaction up does so before the server, unless he cannot. */
const SLACK_MS = 1_000;
const MAX_MS = 2 ** 31 - 1;

/** In ms; 0 is no limit. */
const READ_SETTINGS = `select name, setting::int as ms from pg_settings
where name in ('statement_timeout', 'idle_in_transaction_session_timeout')`;

/**
 * Begins the transactions of one pool. Where somebody waits for one only so long, the server is told: a roll-back stands
 * behind the statement that runs, and a frozen node sends none, so that ten handlers that wait for a lock would take all
 * connections, and a dead node keep its locks.
 */
export class PgBeginning {
  #own: Promise<ReadonlyMap<string, number>> | undefined;

  constructor(private readonly clock: Clock) {}

  /** @throws CodedError STREAM_UNAVAILABLE */
  async begin(connection: PgConnection, timeoutMs?: number): Promise<PgTransaction> {
    try {
      await connection.within(ANSWER_TIMEOUT_MS, this.clock, async () => {
        await connection.command(timeoutMs === undefined ? 'begin' : await this.#limited(connection, timeoutMs));
      });
      return new PgTransaction(connection, this.clock);
    } catch (error) {
      connection.destroy();
      throw unavailable(error);
    }
  }

  /** Not by a SELECT in the transaction, which would fix its snapshot before the handler can choose an isolation level. */
  async #limited(connection: PgConnection, timeoutMs: number): Promise<string> {
    const ms = Math.min(Math.ceil(timeoutMs) + SLACK_MS, MAX_MS);
    const longer = [...(await this.#settings(connection))].filter(([, own]) => own === 0 || own > ms);
    return ['begin', ...longer.map(([name]) => `set local ${name} = ${ms}`)].join('; ');
  }

  /** What role and database allow by themselves stays where it is less. */
  #settings(connection: PgConnection): Promise<ReadonlyMap<string, number>> {
    if (this.#own) return this.#own;
    const reading = connection
      .query(READ_SETTINGS, [])
      .then((rows) => new Map(rows.map(({ name, ms }) => [String(name), Number(ms)])));
    this.#own = reading;
    reading.catch(() => {
      this.#own = undefined;
    });
    return reading;
  }
}
