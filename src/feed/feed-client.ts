import { createClient, type Client, type ConnectionState } from '@millrace/client';
import { recordDeparture } from '../contracts/desk.contract.js';
import { resumeFeed } from '../contracts/feed.contract.js';
import type { FeedConfig } from '../config/feed.config.js';
import { FeedStopped, type Desk } from './feed.js';
import { signIn, SignInRefused } from './sign-in.js';

export interface FeedClient {
  readonly client: Client;
  readonly desk: Desk;
}

/** The feed's connection: an ordinary client of the server. `fail` is told why it can never work. */
export function connectFeed(config: FeedConfig, say: (line: string) => void, fail: (error: Error) => void): FeedClient {
  const client = createClient({
    url: config.url,
    client: { name: 'departures-feed', version: '0.1.0' },
    token: async ({ signal }) => {
      try {
        return await signIn(config, signal);
      } catch (error) {
        if (error instanceof SignInRefused) fail(error);
        throw error;
      }
    },
  });
  let told: ConnectionState['kind'] = 'disconnected';
  client.onState((state) => {
    if (state.kind === 'connected') {
      if (told === 'reconnecting') say('connected again');
      told = 'connected';
    } else if (state.kind === 'reconnecting' && told !== 'reconnecting') {
      say(`${state.error?.message ?? 'The connection was lost.'} Trying again`);
      told = 'reconnecting';
    } else if (state.kind === 'needs-auth' || (state.kind === 'disconnected' && state.error)) {
      fail(new FeedStopped(state.error?.message));
    }
  });
  return {
    client,
    desk: {
      record: (flight) => client.send(recordDeparture, flight),
      resume: (from) => client.send(resumeFeed, from === undefined ? {} : { from }),
    },
  };
}
