import type { SignedIn } from '../../contracts/sign-in.contract.js';

/** A token for whoever calls himself `name`. */
export async function signIn(name: string, signal: AbortSignal): Promise<string> {
  const response = await fetch('/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
    signal,
  });
  if (!response.ok) throw new Error(`The sign-in failed with HTTP status ${response.status}`);
  return ((await response.json()) as SignedIn).token;
}

/** As the server takes names: without what cannot be seen. */
export const cleanName = (text: string): string => text.replaceAll(/\p{C}/gu, '').trim().slice(0, 40).trim();

const KEY = 'departures.name';

/** The name of the last visit, or a new one. Without storage, which browsers may refuse, it is new each time. */
export function viewerName(storage: () => Storage, random: () => number): string {
  const made = `Guest ${Math.floor(1_000 + random() * 9_000)}`;
  try {
    const kept = cleanName(storage().getItem(KEY) ?? '');
    if (kept) return kept;
    storage().setItem(KEY, made);
  } catch {
    // Nothing is lost but the name.
  }
  return made;
}

/** Answers whether the name will be there after a reload. */
export function keepName(storage: () => Storage, name: string): boolean {
  try {
    storage().setItem(KEY, name);
    return true;
  } catch {
    return false;
  }
}
