import type { Clock } from '../core/clock.js';
import type { Signer } from '../core/signer.js';
import { SenderMemory, type MessageRefusal } from './sender-memory.js';

export interface MessageSealParts {
  readonly signer: Pick<Signer, 'sign' | 'isGenuine'>;
  /** One that the nodes share. */
  readonly clock: Pick<Clock, 'now'>;
  /** Of this process, and of no process before it. */
  readonly sender: string;
}

/** Form, sender, count and time in base 36, signature; then the message as it is. */
const HEAD = /^S1 ([A-Za-z0-9_-]{1,64}) ([0-9a-z]{1,11}) ([0-9a-z]{1,11}) ([A-Za-z0-9~_-]{1,32}) /;
const MAX_HEAD = 160;

/**
 * Proves to the other nodes that a message comes from a node of this installation, was said on that channel, and was not
 * said before. Everything between nodes passes here; it is not encrypted.
 */
export class MessageSeal {
  readonly #senders = new SenderMemory();
  #count = 0;

  constructor(private readonly parts: MessageSealParts) {}

  /** In the order in which they are sent. A text stays one: it is encoded once, where it is written. */
  seal(channel: string, payload: string | Buffer): string | Buffer {
    const { signer, clock, sender } = this.parts;
    const what = `${sender} ${(++this.#count).toString(36)} ${Math.round(clock.now()).toString(36)}`;
    const head = `S1 ${what} ${signer.sign([`${channel}\n${what}\n`, payload])} `;
    return typeof payload === 'string' ? head + payload : Buffer.concat([Buffer.from(head, 'latin1'), payload]);
  }

  /** The message, or why it is not listened to. */
  open(channel: string, sealed: Buffer): Buffer | MessageRefusal {
    const [head, sender = '', count = '', time = '', signature = ''] =
      HEAD.exec(sealed.toString('latin1', 0, MAX_HEAD)) ?? [];
    if (head === undefined) return 'forged';
    const body = sealed.subarray(head.length);
    const { signer, clock } = this.parts;
    if (!signer.isGenuine([`${channel}\n${sender} ${count} ${time}\n`, body], signature)) return 'forged';
    const ageMs = clock.now() - parseInt(time, 36);
    return this.#senders.refusalOf(sender, parseInt(count, 36), ageMs) ?? body;
  }
}
