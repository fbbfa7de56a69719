import type { Flight } from '../contracts/desk.contract.js';

/** The first row that left on `day` or later, or the number of rows when there is none. Rows are in order of time. */
export function firstOfDay(flights: readonly Flight[], day: string): number {
  const index = flights.findIndex(({ departedAt }) => departedAt >= day);
  return index < 0 ? flights.length : index;
}
