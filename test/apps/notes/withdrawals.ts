import { Injectable } from '@nestjs/common';
import { MillraceDatabase, type Transaction } from '@millrace/nest';

/** Who may no longer watch which board. */
@Injectable()
export class Withdrawals {
  constructor(private readonly database: MillraceDatabase) {}

  async add(tx: Transaction, subject: string, board: string): Promise<void> {
    await tx.query('insert into withdrawal (subject, board) values ($1, $2)', [subject, board]);
  }

  async has(subject: string, board: string): Promise<boolean> {
    const found = 'select from withdrawal where subject = $1 and board = $2';
    return (await this.database.query(found, [subject, board])).length > 0;
  }
}
