import { defineChannel, defineCommand, event } from '@millrace/protocol';

export interface NoteEvent {
  readonly text: string;
  readonly author: string;
}

/** Boards whose name begins with `private-` are only for those whose token names them. */
export const board = defineChannel('board.:name', {
  delivery: 'durable',
  events: {
    'note.written': event<NoteEvent>(),
    'note.posted': event<NoteEvent>(),
    'note.imported': event<NoteEvent>(),
  },
});

/** Kept for a minute only, the shortest retention there is. */
export const ticker = defineChannel('ticker.:name', {
  delivery: 'durable',
  events: { 'ticker.moved': event<{ readonly value: number }>() },
});

export const typing = defineChannel('typing.:name', {
  delivery: 'live',
  events: { 'typing.started': event<{ readonly author: string }>() },
});

export interface Note {
  readonly board: string;
  readonly text: string;
}

/** Writes a row and publishes, in one transaction. */
export const writeNote = defineCommand<Note, { event: string }>('note.write');
/** Does the same, then fails. */
export const spoilNote = defineCommand<Note, { event: string }>('note.spoil');
/** Does the same, and takes its time before the commit. */
export const brewNote = defineCommand<Note & { readonly forMs: number }, { event: string }>('note.brew');
/** Publishes outside any transaction. */
export const postNote = defineCommand<Note, { event: string; offset: number }>('note.post');
/** For moderators: withdraws somebody's access to a board. */
export const withdrawAccess = defineCommand<{ readonly subject: string; readonly board: string }>('access.withdraw');
export const startTyping = defineCommand<{ readonly board: string }, void>('typing.start');
