import { AsyncResource } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { ChannelPublisher, type Published } from '@millrace/nest';
import { board, type NoteEvent } from './contracts.js';

/** Publishes what happened on a board. */
@Injectable()
export class Announcer {
  constructor(private readonly publisher: ChannelPublisher) {}

  announce(name: string, type: 'note.written' | 'note.posted', note: NoteEvent): Promise<Published> {
    return this.publisher.publish(board, { name }, type, note);
  }
}

/** The planted fault: it steps out of the handler's transaction, so that events of failed handlers stay. */
@Injectable()
export class LeakyAnnouncer extends Announcer {
  readonly #outside = new AsyncResource('LeakyAnnouncer');

  override announce(name: string, type: 'note.written' | 'note.posted', note: NoteEvent): Promise<Published> {
    return this.#outside.runInAsyncScope(() => super.announce(name, type, note));
  }
}
