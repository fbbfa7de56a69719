#!/bin/sh
# Runs once, when the image of PostgreSQL sets up an empty database: the role of the nodes, which owns its schemas and is
# nothing else. Against a database that is there already: PGPASSWORD=… POSTGRES_USER=postgres POSTGRES_DB=millrace sh postgres.sh
set -eu
if [ -z "${DATABASE_PASSWORD:-}" ]; then
  echo 'DATABASE_PASSWORD is not set: the head of docker-compose.yml says how to make it' >&2
  exit 1
fi
# Read by psql from the environment: arguments can be seen by everybody on the host.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" << 'SQL'
\getenv password DATABASE_PASSWORD
-- Neither the statement nor, with it, the password gets into the log of the server, should it keep one of statements.
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
create role millrace login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
create schema millrace authorization millrace;
-- The tables of Departures.
create schema departures authorization millrace;
select current_database() as database \gset
revoke all on database :"database" from public;
grant connect on database :"database" to millrace;
revoke all on schema public from public;
SQL
