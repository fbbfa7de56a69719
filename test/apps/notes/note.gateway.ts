import { setTimeout as sleep } from 'node:timers/promises';
import { BadRequestException } from '@nestjs/common';
import { ChannelPublisher, Command, CurrentPrincipal, Gateway, Payload, Tx, type Transaction } from '@millrace/nest';
import { Announcer } from './announcer.js';
import { brewNote, postNote, spoilNote, startTyping, typing, writeNote } from './contracts.js';
import type { Member } from './member.js';
import { BrewNoteDto, NoteDto, StartTypingDto } from './note.dto.js';

@Gateway()
export class NoteGateway {
  constructor(
    private readonly announcer: Announcer,
    private readonly publisher: ChannelPublisher,
  ) {}

  @Command(writeNote)
  async write(@Payload() note: NoteDto, @CurrentPrincipal() member: Member, @Tx() tx: Transaction) {
    await tx.query('insert into note (board, text) values ($1, $2)', [note.board, note.text]);
    const { id } = await this.announcer.announce(note.board, 'note.written', { text: note.text, author: member.name });
    return { event: id };
  }

  @Command(spoilNote)
  async spoil(@Payload() note: NoteDto, @CurrentPrincipal() member: Member, @Tx() tx: Transaction): Promise<never> {
    await this.write(note, member, tx);
    throw new BadRequestException('Spoiled');
  }

  @Command(brewNote)
  async brew(@Payload() note: BrewNoteDto, @CurrentPrincipal() member: Member, @Tx() tx: Transaction) {
    const written = await this.write(note, member, tx);
    await sleep(note.forMs);
    return written;
  }

  @Command(postNote, { transaction: false })
  async post(@Payload() note: NoteDto, @CurrentPrincipal() member: Member) {
    const { id, offset } = await this.announcer.announce(note.board, 'note.posted', {
      text: note.text,
      author: member.name,
    });
    if (offset === undefined) throw new Error('An event that is published outside a transaction has an offset');
    return { event: id, offset };
  }

  @Command(startTyping, { transaction: false })
  async startTyping(@Payload() { board }: StartTypingDto, @CurrentPrincipal() member: Member): Promise<void> {
    await this.publisher.publish(typing, { name: board }, 'typing.started', { author: member.name });
  }
}
