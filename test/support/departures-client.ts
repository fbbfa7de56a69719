import { createClient, type Client } from '@millrace/client';
import { desk, type Departure } from '../../src/contracts/desk.contract.js';

export interface LoggedDeparture {
  readonly offset: number;
  readonly departure: Departure;
}

/** A client that signs in as anybody may, or as the feed with its key. */
export function departuresClient(url: string, feedKey?: string): Client {
  return createClient({
    url,
    token: async ({ signal }) => {
      const response = await fetch(`${url}/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(feedKey !== undefined && { 'x-feed-key': feedKey }) },
        body: JSON.stringify({ name: 'Test' }),
        signal,
      });
      return ((await response.json()) as { token: string }).token;
    },
  });
}

/** Everything that was ever published on the board of `airport`, oldest first. */
export async function readLog(client: Client, airport: string): Promise<LoggedDeparture[]> {
  const log: LoggedDeparture[] = [];
  for (let after: string | undefined; ;) {
    const page = await client.history(desk, { airport }, { limit: 1_000, ...(after !== undefined && { after }) });
    if (page.outcome === 'unrecoverable') throw new Error(`The log of ${airport} has a hole: ${page.reason}`);
    for (const { data, meta } of page.events) log.push({ offset: meta.offset ?? NaN, departure: data });
    if (page.outcome === 'complete') return log;
    after = page.position;
  }
}
