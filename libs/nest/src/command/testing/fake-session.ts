import type { Session } from '../../session/session.js';

/** A session that nobody is connected to. */
export class FakeSession implements Session<{ readonly name: string }> {
  readonly id = 'session-1';
  readonly socket = {};
  readonly ended = new AbortController().signal;
  readonly subject: string;
  readonly payer: string;

  constructor(readonly principal: { readonly name: string } = { name: 'ann' }) {
    this.subject = principal.name;
    this.payer = `subject ${principal.name}`;
  }

  join(): void {}
  leave(): void {}
  tell(): void {}
}
