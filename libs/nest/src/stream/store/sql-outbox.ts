import type { ChannelName } from '@millrace/protocol';
import { quoted } from '../migrations/migration.js';
import type { DeadLetter, Outbox, OutboxPage, OutboxSummary, StagedEvent } from '../outbox.port.js';
import type { SqlDatabase, SqlRow } from '../sql-database.port.js';

/** The outbox in PostgreSQL, for operators: reads give up as those of history do. */
export class SqlOutbox implements Outbox {
  readonly #schema: string;

  constructor(
    private readonly database: SqlDatabase,
    schema: string,
  ) {
    this.#schema = quoted(schema);
  }

  /** Bounded from below as the pass is, or dead rows of the outbox would be looked at; and from above. */
  async summary(): Promise<OutboxSummary> {
    const [row] = await this.database.reader.query(
      `select count(*)::int as staged,
  coalesce(extract(epoch from clock_timestamp() - min(w.staged_at)) * 1000, 0)::float8 as age,
  (select count(*)::int from (select 1 from ${this.#schema}.dead_letter limit 100000) d) as dead
from (
  select o.staged_at from ${this.#schema}.outbox o
  where o.seq >= (select b.bound from ${this.#schema}.staged_bound b) order by o.seq limit 100000
) w`,
      [],
    );
    return {
      staged: Number(row?.['staged']),
      oldestAgeMs: Math.max(0, Math.round(Number(row?.['age']))),
      deadLetters: Number(row?.['dead']),
    };
  }

  async staged(page: OutboxPage): Promise<readonly StagedEvent[]> {
    const rows = await this.#page(
      `select o.* from ${this.#schema}.outbox o where o.seq >= (select b.bound from ${this.#schema}.staged_bound b)`,
      page,
    );
    return rows.map(stagedIn);
  }

  async deadLetters(page: OutboxPage): Promise<readonly DeadLetter[]> {
    const rows = await this.#page(
      `select d.*, (extract(epoch from d.set_aside_at) * 1000)::float8 as aside from ${this.#schema}.dead_letter d`,
      page,
    );
    return rows.map((row) => ({
      ...stagedIn(row),
      error: String(row['error']),
      setAsideAt: Math.round(Number(row['aside'])),
    }));
  }

  /** It gets a new place, and with it one in the order behind what waits now. */
  async retry(seq: string): Promise<boolean> {
    const rows = await this.database.query(
      `with gone as (delete from ${this.#schema}.dead_letter where seq = $1::bigint returning *)
insert into ${this.#schema}.outbox (channel, id, type, data, cause, key)
select g.channel, g.id, g.type, g.data, g.cause, g.key from gone g returning id`,
      [seq],
    );
    return rows.length > 0;
  }

  async drop(seq: string): Promise<boolean> {
    const rows = await this.database.query(
      `delete from ${this.#schema}.dead_letter where seq = $1::bigint returning seq`,
      [seq],
    );
    return rows.length > 0;
  }

  #page(rows: string, { after, maxEvents, maxBytes }: OutboxPage): Promise<readonly SqlRow[]> {
    return this.database.reader.query(
      `select p.*, p.seq::text as place, (extract(epoch from p.staged_at) * 1000)::float8 as staged from (
  select f.*, sum(octet_length(f.data)) over (order by f.seq) - octet_length(f.data) as bytes_before
  from (select r.* from (${rows}) r where r.seq > $1::bigint order by r.seq limit $2::int) f
) p where p.bytes_before < $3::bigint order by p.seq`,
      [after, maxEvents, maxBytes],
    );
  }
}

const stagedIn = (row: SqlRow): StagedEvent => ({
  seq: String(row['place']),
  channel: String(row['channel']) as ChannelName,
  id: String(row['id']),
  type: String(row['type']),
  data: String(row['data']),
  stagedAt: Math.round(Number(row['staged'])),
});
