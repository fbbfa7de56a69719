import { quoted } from '../migrations/migration.js';
import type { DeadLetter, Outbox, OutboxPage, OutboxSummary, StagedEvent } from '../outbox.port.js';
import type { SqlDatabase } from '../sql-database.port.js';
import { dropDeadLetter, retryDeadLetter, selectDeadLetters, selectOutbox, selectStaged } from './outbox.js';

/** The outbox in PostgreSQL, for operators: reads give up as those of history do. */
export class SqlOutbox implements Outbox {
  readonly #schema: string;

  constructor(
    private readonly database: SqlDatabase,
    schema: string,
  ) {
    this.#schema = quoted(schema);
  }

  summary(): Promise<OutboxSummary> {
    return selectOutbox(this.database.reader, this.#schema);
  }

  staged(page: OutboxPage): Promise<readonly StagedEvent[]> {
    return selectStaged(this.database.reader, this.#schema, page);
  }

  deadLetters(page: OutboxPage): Promise<readonly DeadLetter[]> {
    return selectDeadLetters(this.database.reader, this.#schema, page);
  }

  retry(seq: string): Promise<boolean> {
    return retryDeadLetter(this.database, this.#schema, seq);
  }

  drop(seq: string): Promise<boolean> {
    return dropDeadLetter(this.database, this.#schema, seq);
  }
}
