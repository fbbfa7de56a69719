import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MillraceDatabase, type SqlRow, type Transaction } from '@millrace/nest';
import type { Departure, Flight } from '../contracts/desk.contract.js';

/**
 * One statement, so that two nodes that start at once wait for one another: `if not exists` alone is no lock. For a schema
 * it asks for a right on the database, too, even when the schema is there.
 */
const CREATE = `do $$ begin
  perform pg_advisory_xact_lock(hashtext('departures'));
  if to_regnamespace('departures') is null then create schema departures; end if;
  create table if not exists departures.departure (
    id integer primary key,
    entry integer generated always as identity unique,
    origin text not null,
    destination text not null,
    departed_at timestamp not null,
    delay_minutes integer not null,
    distance_miles integer not null
  );
  create index if not exists departure_by_origin on departures.departure (origin, entry);
end $$`;

/** The departures that were recorded: the state that the events on `desk.:airport` tell the changes of. */
@Injectable()
export class DepartureTable implements OnModuleInit {
  constructor(private readonly database: MillraceDatabase) {}

  async onModuleInit(): Promise<void> {
    await this.database.script(CREATE);
  }

  /** `undefined`: it is recorded already, by a transaction that committed. */
  async insert(tx: Transaction, flight: Flight): Promise<Departure | undefined> {
    const { id, origin, destination, departedAt, delayMinutes, distanceMiles } = flight;
    const [row] = await tx.query(
      `insert into departures.departure (id, origin, destination, departed_at, delay_minutes, distance_miles)
       values ($1::integer, $2::text, $3::text, $4::text::timestamp, $5::integer, $6::integer)
       on conflict (id) do nothing returning entry`,
      [id, origin, destination, departedAt, delayMinutes, distanceMiles],
    );
    return row && { id, origin, destination, departedAt, delayMinutes, distanceMiles, entry: row['entry'] as number };
  }

  /** Those of one airport that were recorded last, newest first. */
  async newest(tx: Transaction, origin: string, limit: number): Promise<readonly Departure[]> {
    const rows = await tx.query(
      `select id, entry, origin, destination, to_char(departed_at, 'YYYY-MM-DD"T"HH24:MI') as departed_at,
         delay_minutes, distance_miles
       from departures.departure where origin = $1::text order by entry desc limit $2::integer`,
      [origin, limit],
    );
    return rows.map(toDeparture);
  }

  /** The row that was recorded last, in the order of recording. */
  async last(tx: Transaction): Promise<number | undefined> {
    const [row] = await tx.query('select id from departures.departure order by entry desc limit 1', []);
    return row?.['id'] as number | undefined;
  }

  /** The first row at or after `from` that is not recorded. */
  async firstGap(tx: Transaction, from: number): Promise<number> {
    const [row] = await tx.query(
      `select coalesce(min(d.id) + 1, $1::integer) as next
       from departures.departure d
       where d.id >= $1::integer
         and exists (select from departures.departure f where f.id = $1::integer)
         and not exists (select from departures.departure n where n.id = d.id + 1)`,
      [from],
    );
    return row?.['next'] as number;
  }
}

const toDeparture = (row: SqlRow): Departure => ({
  id: row['id'] as number,
  entry: row['entry'] as number,
  origin: row['origin'] as string,
  destination: row['destination'] as string,
  departedAt: row['departed_at'] as string,
  delayMinutes: row['delay_minutes'] as number,
  distanceMiles: row['distance_miles'] as number,
});
