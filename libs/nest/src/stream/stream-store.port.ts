import type { ChannelName, Position, UnrecoverableReason } from '@millrace/protocol';
import type { PageLimits } from '../core/page.js';
import type { EventBatch, NewEvent, Placed, StreamEvent } from '../core/stream-event.js';
import type { SqlExecutor } from './sql-database.port.js';

/** The durable log of all channels. */
export interface StreamStore {
  /** Migrates, checks the server's settings, makes partitions; fails with a BootError that says what to do. */
  start(): Promise<void>;
  stop(): Promise<void>;

  /** One INSERT with the caller's handle; nothing else, no lock that another publisher waits for. */
  stage(executor: SqlExecutor, event: NewEvent): Promise<Staged>;

  /** Which of the events with these ids are staged, as the transaction of `executor` sees it. */
  staged(executor: SqlExecutor, ids: readonly string[]): Promise<ReadonlySet<string>>;

  /** One sequencing pass. `try` gives up at once (`ran: false`) when another node holds the lock. */
  pass(direct: readonly NewEvent[], mode: 'wait' | 'try'): Promise<PassResult>;

  /** Head and missing events in one statement. Without `after`: from the first kept event. */
  history(channel: ChannelName, after: Position | undefined, limits: PageLimits): Promise<HistoryPage>;

  /** Where a subscriber stands who wants only what comes next. Offset 0 for a channel without events. */
  head(channel: ChannelName): Promise<Position>;

  /** The end of the log, from where `digest` starts. */
  logEnd(): Promise<LogPosition>;

  /** What was added to the log since `after`: the newest event of every channel that moved. */
  digest(after: LogPosition): Promise<LogDigest>;
}

/** `nested`: in a savepoint, which may be gone back to without the rest of the transaction. */
export type Staged = 'staged' | 'nested';

/** What the log itself can say. */
export type LossReason = Extract<UnrecoverableReason, 'expired' | 'epoch' | 'mismatch'>;

export type HistoryPage = Seen &
  (
    | {
        /** `more`: the page was cut by a limit, `position` is before the head. */
        readonly outcome: 'complete' | 'more';
        readonly events: readonly StreamEvent[];
        /** Of the last event of the page, or where the reader already stood. */
        readonly position: Position;
        readonly head: Position;
      }
    | { readonly outcome: 'unrecoverable'; readonly reason: LossReason; readonly head: Position }
  );

interface Seen {
  /** The newest withdrawal of access in the snapshot that the page is from; absent when nobody knows. */
  readonly access?: Placed;
}

export interface PassResult {
  /** False when another node held the lock in mode `try`. */
  readonly ran: boolean;
  /** One entry a direct publish, in the order given. `waiting`: staged events of its channel go first, pass again. */
  readonly direct: readonly DirectResult[];
  /** What this pass numbered, by channel, in order; to be handed to the broker. */
  readonly batches: readonly EventBatch[];
  /** Whether staged rows were left for the next pass. */
  readonly more: boolean;
}

export type DirectResult =
  | ({ readonly kind: 'stored' } & Placed)
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly error: Error };

/** Where a node stands in the log of all channels. `id` tells a restored database from the one that was read. */
export interface LogPosition {
  readonly pos: bigint;
  readonly id: string;
}

export interface LogDigest {
  /** `rewound`: the event at `after` is not the one that was there; every channel must be looked at anew. */
  readonly outcome: 'continued' | 'rewound';
  readonly end: LogPosition;
  readonly heads: readonly { readonly channel: ChannelName; readonly position: Position }[];
}
