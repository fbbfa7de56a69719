import type { ChannelName } from '@millrace/protocol';

/** What an operator may see of events that have no offset yet, and do to those that were set aside. */
export interface Outbox {
  summary(): Promise<OutboxSummary>;
  /** The oldest first. */
  staged(page: OutboxPage): Promise<readonly StagedEvent[]>;
  /** The oldest first. */
  deadLetters(page: OutboxPage): Promise<readonly DeadLetter[]>;
  /** Stages it anew, behind what waits now; whether there was one. */
  retry(seq: string): Promise<boolean>;
  /** Whether there was one. */
  drop(seq: string): Promise<boolean>;
}

export interface OutboxPage {
  /** Place behind which the page begins. */
  readonly after: string;
  readonly maxEvents: number;
  /** Of data; a page has one event at least. */
  readonly maxBytes: number;
}

/** Counts stop at 100000. */
export interface OutboxSummary {
  readonly staged: number;
  /** 0 when nothing waits. */
  readonly oldestAgeMs: number;
  readonly deadLetters: number;
}

/** An event that waits for its offset. */
export interface StagedEvent {
  /** Its place in the outbox. A string: it may be beyond what a number holds. */
  readonly seq: string;
  readonly channel: ChannelName;
  readonly id: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  /** ms since 1970. */
  readonly stagedAt: number;
}

/** A staged event that could not be numbered. */
export interface DeadLetter extends StagedEvent {
  /** What the database said. */
  readonly error: string;
  /** ms since 1970. */
  readonly setAsideAt: number;
}
