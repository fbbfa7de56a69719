import type { SignedIn } from '../contracts/sign-in.contract.js';
import type { FeedConfig } from '../config/feed.config.js';

/** The server does not take this feed for its own; asking again would not change that. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused';
}

/** A token for the feed. @throws SignInRefused, or another error when the server cannot be asked */
export async function signIn({ url, feedKey }: FeedConfig, signal: AbortSignal): Promise<string> {
  const response = await fetch(new URL('/sign-in', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-feed-key': feedKey },
    body: JSON.stringify({ name: 'Feed' }),
    signal,
  });
  if (response.status === 401) throw new SignInRefused('The server refused the FEED_KEY');
  if (!response.ok) throw new Error(`The sign-in failed with HTTP status ${response.status}`);
  return ((await response.json()) as SignedIn).token;
}
