import type { Migration } from './migration.js';

const NAME_CHECK = (column: string): string =>
  `check (octet_length(${column}) <= 255 and ${column} ~ '^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$')`;

/** The same for `outbox` and `event`, and the outbox has that of `channel` too: what can be staged can be numbered. */
const EVENT_CHECKS = `
  check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  check (octet_length(type) between 1 and 255),
  check (octet_length(data) <= 1048576)`;

export const tables: Migration = {
  version: 1,
  name: 'tables',
  statements: (schema) => [
    `create table ${schema}.settings (
  only_row boolean primary key default true check (only_row),
  install_id text not null
)`,
    `insert into ${schema}.settings (install_id) values (gen_random_uuid()::text)`,

    // Half-empty pages: a head is updated by nearly every pass, in place as long as its page has room.
    `create table ${schema}.channel (
  name text collate "C" primary key,
  epoch text not null,
  head bigint not null,
  last_id text not null,
  last_ts timestamptz not null,
  ${NAME_CHECK('name')}
) with (fillfactor = 50)`,

    `create table ${schema}.event (
  pos bigint not null,
  channel text collate "C" not null,
  epoch text collate "C" not null,
  "offset" bigint not null,
  id text collate "C" not null,
  type text not null,
  data text not null,
  cause jsonb,
  ts timestamptz not null,${EVENT_CHECKS}
) partition by range (ts)`,
    `create index event_by_offset on ${schema}.event (channel, epoch, "offset")`,
    `create index event_by_pos on ${schema}.event (pos)`,
    `create sequence ${schema}.event_pos minvalue 0`,
    // So that its last value is the end of the log from the start.
    `select setval('${schema}.event_pos', 0)`,

    // xact stands before seq: a transaction has its id before it draws its first seq, which the lower bound of the
    // pass relies on. So does the sequence, by handing out its numbers one by one.
    `create table ${schema}.outbox (
  xact xid8 not null default pg_current_xact_id(),
  seq bigint generated always as identity (cache 1) primary key,
  channel text collate "C" not null,
  id text collate "C" not null default gen_random_uuid()::text,
  type text not null,
  data text not null,
  cause jsonb,
  key text collate "C" check (octet_length(key) between 1 and 1020),
  staged_at timestamptz not null default clock_timestamp(),
  check (data::json is not null),
  ${NAME_CHECK('channel')},${EVENT_CHECKS}
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`,
    `create index outbox_by_channel on ${schema}.outbox (channel, seq)`,

    `create table ${schema}.staged_bound (
  only_row boolean primary key default true check (only_row),
  bound bigint not null,
  candidate bigint,
  fence xid8
)`,
    `insert into ${schema}.staged_bound (bound) values (0)`,

    // Not partitioned, so that a key is known across the partitions of its event.
    `create table ${schema}.publish_key (
  channel text collate "C" not null,
  key text collate "C" not null,
  epoch text not null,
  "offset" bigint not null,
  id text not null,
  ts timestamptz not null,
  primary key (channel, key)
)`,
    `create index publish_key_by_ts on ${schema}.publish_key (ts)`,

    `create table ${schema}.dead_letter (
  seq bigint primary key,
  channel text not null,
  id text not null,
  type text not null,
  data text not null,
  cause jsonb,
  key text,
  staged_at timestamptz not null,
  error text not null,
  set_aside_at timestamptz not null default clock_timestamp()
)`,

    `create function ${schema}.publish(channel text, type text, data jsonb, key text default null) returns text
language sql as $$
  insert into ${schema}.outbox (channel, type, data, key) values ($1, $2, $3::text, $4) returning id
$$`,

    // The epoch of a channel's first life is known before its first event, so that who subscribes to an empty channel
    // can resume there.
    `create function ${schema}.first_epoch(name text) returns text
language sql stable as $$
  select to_hex(hashtextextended(s.install_id || '.' || name, 0)) from ${schema}.settings s
$$`,
  ],
};
