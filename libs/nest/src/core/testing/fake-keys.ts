import { createHash } from 'node:crypto';
import type { KeyRing, SecretKey } from '../signer.js';

/** The secrets of an installation of its own; the newest one signs at once. */
export class FakeKeys implements KeyRing {
  #keys: readonly SecretKey[];

  constructor(private readonly installation = 'one') {
    this.#keys = [this.#key(1)];
  }

  get current(): SecretKey {
    return this.#keys.at(-1) ?? this.#key(1);
  }

  find(id: number): SecretKey | undefined {
    return this.#keys.find((key) => key.id === id);
  }

  rotate(): void {
    this.#keys = [...this.#keys, this.#key(this.current.id + 1)];
  }

  /** What former ones signed is no longer valid. */
  forgetFormer(): void {
    this.#keys = [this.current];
  }

  #key(id: number): SecretKey {
    return { id, bytes: createHash('sha256').update(`${this.installation} ${id}`).digest() };
  }
}
