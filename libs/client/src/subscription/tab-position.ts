import { decodePosition } from '@millrace/protocol';
import type { TabStore } from '../environment/environment.port.js';
import { readOwned } from './owned-position.js';

/**
 * How far this tab itself has come in one channel, beside a storage that other tabs may write into. The tab's own store
 * outlives a reload; a duplicated tab gets a copy, which is right for the copied page and then goes its own way.
 */
export class TabPosition {
  constructor(
    private readonly key: string,
    private readonly store: TabStore | undefined,
  ) {}

  remember(text: string): void {
    try {
      this.store?.setItem(this.key, text);
    } catch {
      // Full or forbidden. What it holds is older, and older is safe.
    }
  }

  /** Where to begin when the storage has `kept`; `''` where that cannot be told. */
  startFrom(kept: string): string {
    try {
      return earlier(kept, this.store?.getItem(this.key));
    } catch {
      return kept;
    }
  }
}

/**
 * The one that is further behind: a position beyond the tab's own was written by another tab, and the events before it
 * were not shown here. One before it is the storage's word that the application kept no more.
 */
function earlier(kept: string, own: string | null | undefined): string {
  const [shared, mine] = [readOwned(kept), readOwned(own ?? undefined)];
  const [there, here] = [decodePosition(shared.token ?? ''), decodePosition(mine.token ?? '')];
  if (!own || !there || !here) return kept;
  // Kept by another tab, of another user.
  if (shared.subject !== undefined && mine.subject !== undefined && shared.subject !== mine.subject) return own;
  if (there.epoch !== here.epoch) return '';
  return there.offset <= here.offset ? kept : own;
}
