/** When each name was last seen, in ms since 1970. */
export type ViewerList = ReadonlyMap<string, number>;

/** How often a page says that it looks at a board. */
export const SEEN_EVERY_MS = 5_000;
/** Two words may be lost: they are sent at most once. */
const GONE_AFTER_MS = 3 * SEEN_EVERY_MS;
const MAX_VIEWERS = 500;

/** The list with `name` seen at `now`, and without those who have gone. When it is full, strangers are left out. */
export function seen(list: ViewerList, name: string, now: number): ViewerList {
  const left = new Map([...list].filter(([, at]) => now - at < GONE_AFTER_MS));
  if (left.has(name) || left.size < MAX_VIEWERS) left.set(name, now);
  return left;
}

/** Who else looks, besides `me`: by name. */
export function others(list: ViewerList, me: string, now: number): string[] {
  return [...list]
    .filter(([name, at]) => name !== me && now - at < GONE_AFTER_MS)
    .map(([name]) => name)
    .toSorted((a, b) => a.localeCompare(b));
}

const MAX_NAMED = 3;

export function othersText(names: readonly string[]): string {
  if (names.length === 0) return 'Nobody else is looking';
  const named = names.slice(0, MAX_NAMED).join(', ');
  const more = names.length - MAX_NAMED;
  return `Also looking: ${named}${more > 0 ? ` and ${more} more` : ''}`;
}
