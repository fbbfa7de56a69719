import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MillraceDatabase } from '@millrace/nest';

/** What commands write besides their events. No key, so that a command applied twice shows. */
@Injectable()
export class NoteTable implements OnModuleInit {
  constructor(private readonly database: MillraceDatabase) {}

  async onModuleInit(): Promise<void> {
    await this.database.script('create table if not exists note (board text not null, text text not null)');
  }
}
