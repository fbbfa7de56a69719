import type { Migration } from './migration.js';

/** Who is kept out, beyond what the log keeps of it. Bounded: nodes have all of it in memory. */
export const denials: Migration = {
  version: 12,
  name: 'denials',
  statements: (schema) => [
    `create table ${schema}.denial (
  kind text collate "C" not null check (kind in ('subject', 'token', 'issued', 'sessions')),
  key text collate "C" not null check (length(key) between 1 and 255),
  moment timestamptz not null,
  until timestamptz not null,
  primary key (kind, key)
)`,
    `create index denial_until on ${schema}.denial (until)`,
    denyFunction(schema),
    allowFunction(schema),
  ],
};

const BODY = 'language plpgsql volatile set search_path = pg_catalog as $$';

/** The later moment counts: what was denied before it stays so. \`until\` is as the newest call says. */
const denyFunction = (schema: string): string => `create function ${schema}.deny(
  denied_kind text, denied_key text, moment_ms bigint, until_ms bigint
) returns void
${BODY}
begin
  delete from ${schema}.denial d where d.until <= clock_timestamp();
  if (select count(*) from ${schema}.denial) >= 100000 then
    raise exception 'there are 100000 denials already' using errcode = '54000';
  end if;
  insert into ${schema}.denial as d (kind, key, moment, until)
  values (denied_kind, denied_key, to_timestamp(moment_ms::float8 / 1000),
    coalesce(to_timestamp(until_ms::float8 / 1000), 'infinity'))
  on conflict (kind, key) do update set moment = greatest(d.moment, excluded.moment), until = excluded.until;
end $$`;

const allowFunction = (schema: string): string => `create function ${schema}.allow(denied_kind text, denied_key text)
returns void
${BODY}
begin
  delete from ${schema}.denial d where d.kind = denied_kind and d.key = denied_key;
end $$`;
