import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MillraceDatabase } from '@millrace/nest';

/** One statement, so that nodes that start together wait for one another: `if not exists` alone is no lock. */
const CREATE = `do $$ begin
  perform pg_advisory_xact_lock(hashtext('note'));
  create table if not exists note (board text not null, text text not null);
  create table if not exists withdrawal (subject text, board text, primary key (subject, board));
end $$`;

/** What commands write besides their events. A note has no key, so that a command applied twice shows. */
@Injectable()
export class NoteTable implements OnModuleInit {
  constructor(private readonly database: MillraceDatabase) {}

  async onModuleInit(): Promise<void> {
    await this.database.script(CREATE);
  }
}
