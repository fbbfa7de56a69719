import { createHmac, timingSafeEqual } from 'node:crypto';

/** A secret that all nodes of an installation share, and nobody else. */
export interface SecretKey {
  readonly id: number;
  readonly bytes: Buffer;
}

/** Where a signer finds its keys: the one that new signatures take, and any that is still valid. */
export interface KeyRing {
  readonly current: SecretKey;
  find(id: number): SecretKey | undefined;
}

/** 96 bits: too many to guess, few enough to travel with everything. */
const MAC_BYTES = 12;
const SIGNATURE = /^([0-9a-z]{1,6})~([A-Za-z0-9_-]{16})$/;

/** Parts are signed as if they were one text: where one ends must be seen from what is in them. */
export type Signable = string | readonly (string | Buffer)[];

/** Proves that a text comes from a node of this installation, for one purpose: signatures of another do not count. */
export class Signer {
  /** Each key is turned into one for this purpose; the secret itself signs nothing. */
  readonly #derived = new WeakMap<SecretKey, Buffer>();

  constructor(
    private readonly keys: KeyRing,
    private readonly purpose: string,
  ) {}

  /** `<key id>~<code>`, 18 characters or a few more. */
  sign(text: Signable): string {
    const { current } = this.keys;
    return `${current.id.toString(36)}~${this.#mac(current, text).toString('base64url')}`;
  }

  isGenuine(text: Signable, signature: string): boolean {
    const [, id, mac] = SIGNATURE.exec(signature) ?? [];
    if (id === undefined || mac === undefined) return false;
    const key = this.keys.find(parseInt(id, 36));
    return key !== undefined && timingSafeEqual(this.#mac(key, text), Buffer.from(mac, 'base64url'));
  }

  #mac(key: SecretKey, text: Signable): Buffer {
    let derived = this.#derived.get(key);
    if (!derived) {
      derived = createHmac('sha256', key.bytes).update(this.purpose).digest();
      this.#derived.set(key, derived);
    }
    const mac = createHmac('sha256', derived);
    for (const part of typeof text === 'string' ? [text] : text) mac.update(part);
    return mac.digest().subarray(0, MAC_BYTES);
  }
}
