import type { Clock } from '../core/clock.js';
import type { Denial } from '../core/denial.js';
import type { ChannelPublisher, StatementRunner } from '../stream/channel-publisher.js';
import { allowStatement, denyStatement, type Statement } from '../stream/store/denials.js';
import type { MillraceDatabase } from '../stream/transaction/millrace-database.js';
import { accessChannel } from './access-channel.js';

export interface DenialWriterParts {
  readonly publisher: Pick<ChannelPublisher, 'publish' | 'isAmbient'>;
  readonly database: Pick<MillraceDatabase, 'query' | 'transaction'>;
  readonly schema: string;
  /** The time that all nodes share. */
  readonly clock: Pick<Clock, 'now'>;
}

/** Writes who is kept out, and announces it, in one transaction: the row is for nodes to come, the event for those of now. */
export class DenialWriter {
  constructor(private readonly parts: DenialWriterParts) {}

  now(): number {
    return Math.round(this.parts.clock.now());
  }

  deny(denial: Denial, tx: StatementRunner | undefined): Promise<void> {
    return this.#write('access.denied', denial, { statement: denyStatement(this.parts.schema, denial), tx });
  }

  allow(denial: Denial, tx: StatementRunner | undefined): Promise<void> {
    return this.#write('access.allowed', denial, { statement: allowStatement(this.parts.schema, denial), tx });
  }

  async #write(
    type: 'access.denied' | 'access.allowed',
    denial: Denial,
    { statement, tx }: { readonly statement: Statement; readonly tx: StatementRunner | undefined },
  ): Promise<void> {
    const { publisher, database } = this.parts;
    const { sql, params } = statement;
    if (tx && !publisher.isAmbient(tx)) {
      await tx.query(sql, params);
      await publisher.publish(accessChannel, {}, type, denial, { tx });
      return;
    }
    await database.transaction(async () => {
      await database.query(sql, params);
      await publisher.publish(accessChannel, {}, type, denial);
    });
  }
}
