import { randomUUID } from 'node:crypto';
import { systemClock } from '../../core/clock.js';
import { Signer, type KeyRing, type SecretKey } from '../../core/signer.js';
import { MessageSeal, type MessageSealParts } from '../message-seal.js';

const key: SecretKey = { id: 1, bytes: Buffer.alloc(32, 7) };
const ring: KeyRing = { current: key, find: (id) => (id === key.id ? key : undefined) };

/** That of one node among those of a test, which all have the same secret. */
export const testSeal = (parts: Partial<MessageSealParts> = {}): MessageSeal =>
  new MessageSeal({ signer: new Signer(ring, 'nodes'), clock: systemClock, sender: randomUUID(), ...parts });
