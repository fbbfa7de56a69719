import { defineCommand } from '@millrace/protocol';

/**
 * Where the feed goes on: the first row at or after `from` that is not recorded yet. Without `from`, after the row that
 * was recorded last.
 */
export const resumeFeed = defineCommand<{ readonly from?: number }, { readonly next: number }>('feed.resume');
