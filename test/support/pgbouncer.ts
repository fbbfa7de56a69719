import { serviceAddress } from './service-address.js';

/** The same database, reached through PgBouncer in transaction mode. */
export function throughPgBouncer(direct: string): string {
  return Object.assign(new URL(serviceAddress('PGBOUNCER_URL')), { pathname: new URL(direct).pathname }).href;
}

/** How a test reaches a database. */
export const ways: readonly (readonly [name: string, reach: (direct: string) => string])[] = [
  ['directly', (direct) => direct],
  ['through PgBouncer', throughPgBouncer],
];
