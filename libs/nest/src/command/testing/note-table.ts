/** The table of the application in the tests: one text can stand in it once, which COMMIT checks. */
export const NOTE_TABLE = 'create table note (text text not null unique deferrable initially deferred)';
export const INSERT = 'insert into note (text) values ($1)';

/** A row in it makes COMMIT take so many seconds. */
export const SLOW_TABLE = `create table slow (seconds float not null);
create function wait_at_commit() returns trigger language plpgsql as $$ begin perform pg_sleep(new.seconds); return new; end $$;
create constraint trigger slow_commit after insert on slow deferrable initially deferred
for each row execute function wait_at_commit()`;
