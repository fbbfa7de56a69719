import { readDenial, type Denial } from '../../core/denial.js';
import { quoted } from '../migrations/migration.js';
import type { SqlExecutor } from '../sql-database.port.js';

/** One statement, for whatever runs it: a transaction of the application, an ORM. */
export interface Statement {
  readonly sql: string;
  readonly params: unknown[];
}

export const denyStatement = (schema: string, { kind, key, moment, until }: Denial): Statement => ({
  sql: `select ${quoted(schema)}.deny($1::text, $2::text, $3::bigint, $4::bigint)`,
  params: [kind, key, moment, until ?? null],
});

export const allowStatement = (schema: string, { kind, key }: Pick<Denial, 'kind' | 'key'>): Statement => ({
  sql: `select ${quoted(schema)}.allow($1::text, $2::text)`,
  params: [kind, key],
});

/** Those that are not over, and what is over goes. */
export async function selectDenials(executor: SqlExecutor, schema: string): Promise<readonly Denial[]> {
  const table = `${quoted(schema)}.denial`;
  const rows = await executor.query(
    `with over as (delete from ${table} d where d.until <= clock_timestamp())
select d.kind, d.key, (extract(epoch from d.moment) * 1000)::bigint as moment,
  case when isfinite(d.until) then (extract(epoch from d.until) * 1000)::bigint end as until
from ${table} d where d.until > clock_timestamp()`,
    [],
  );
  return rows.flatMap((row) => readDenial(row) ?? []);
}
