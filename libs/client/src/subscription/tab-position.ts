import { decodePosition } from '@millrace/protocol';
import type { Environment } from '../environment/environment.port.js';
import { readOwned } from './owned-position.js';

/**
 * How far this tab itself has come in one channel, beside a storage that other tabs may write into. The tab's own store
 * outlives a reload; a duplicated tab gets a copy, which is right for the copied page and then goes its own way.
 */
export const tabPosition = (key: string, { tabStore }: Environment) => ({
  remember(text: string): void {
    try {
      tabStore()?.setItem(key, text);
    } catch {
      // Full or forbidden. What it holds is older, and older is safe.
    }
  },

  /** Where to begin when the storage has `kept`; `''` where that cannot be told. */
  startFrom(kept: string): string {
    try {
      return earlier(kept, tabStore()?.getItem(key) ?? '');
    } catch {
      return kept;
    }
  },
});

/**
 * The one that is further behind: a position beyond the tab's own was written by another tab, and the events before it
 * were not shown here. One before it is the storage's word that the application kept no more.
 */
function earlier(kept: string, own: string): string {
  const [shared, mine] = [readOwned(kept), readOwned(own)];
  const [there, here] = [decodePosition(shared.token ?? ''), decodePosition(mine.token ?? '')];
  if (!there || !here) return kept;
  // Kept by another tab, of another user.
  if ((shared.subject ?? mine.subject) !== (mine.subject ?? shared.subject)) return own;
  if (there.epoch !== here.epoch) return '';
  return there.offset <= here.offset ? kept : own;
}
