import type { Migration } from './migration.js';

/**
 * Channels of Millrace's own are written by its nodes alone. What they stage says its cause, a column that the grants of
 * those who publish in SQL do not cover; so nodes of the release before, whose rows say it too, are not refused. Rows
 * that are there stay.
 */
export const ownChannels: Migration = {
  version: 10,
  name: 'own-channels',
  statements: (schema) => [
    `alter table ${schema}.outbox add constraint outbox_channel_reserved
  check (cause is not null or (left(channel, 10) <> '_millrace.' and channel <> '_millrace')) not valid`,
    withdrawFunction(schema),
    `revoke execute on function ${schema}.withdraw_access(text, text) from public`,
  ],
};

/**
 * For roles that are trusted with nothing but this. Its owner's rights write the row, so no name may be looked up
 * anywhere else; the row commits with the caller's transaction.
 */
const withdrawFunction = (schema: string): string => `create function ${schema}.withdraw_access(
  subject text default null, channel text default null
) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  event_id text;
begin
  if subject is null and channel is null then
    raise exception 'a withdrawal names the subject of a principal, a channel, or both' using errcode = '22023';
  end if;
  if char_length(subject) not between 1 and 255 or subject ~ '[[:cntrl:]]' then
    raise exception 'a subject has 1 to 255 characters, without control characters' using errcode = '22023';
  end if;
  if octet_length(channel) > 255 or channel !~ '^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$' then
    raise exception 'that is not the name of a channel' using errcode = '22023';
  end if;
  insert into ${schema}.outbox as o (channel, type, data, cause)
  values (
    '_millrace.access', 'access.revoked',
    jsonb_strip_nulls(jsonb_build_object('subject', subject, 'channel', channel))::text,
    jsonb_build_object('role', session_user)
  ) returning o.id into event_id;
  return event_id;
end $$`;
