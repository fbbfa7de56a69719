import { naughtyTexts } from './naughty-texts.js';

/** Nonsense that is the same for the same seed. */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to 1; a linear congruence is random enough for nonsense. */
  next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }

  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  bytes(max: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(max) }, () => this.below(256)));
  }

  text(max: number): string {
    return this.pick([this.pick(naughtyTexts).slice(0, max), this.bytes(max).toString('latin1')]);
  }

  /** `payload` with some bytes changed, cut off or doubled. */
  spoil(payload: Buffer): Buffer {
    const spoilt = Buffer.from(payload);
    for (let turn = this.below(4); turn >= 0 && spoilt.length > 0; turn--) {
      spoilt[this.below(spoilt.length)] = this.below(256);
    }
    const end = this.pick([spoilt.length, spoilt.length, this.below(spoilt.length + 1)]);
    return Buffer.concat([spoilt.subarray(0, end), this.pick([Buffer.alloc(0), spoilt.subarray(0, this.below(20))])]);
  }

  /** Any JSON. */
  value(depth: number): unknown {
    const names = ['id', 'name', 'data', 'items', 'channel', 'sid', 'since', 'limit', 'after', 'token', 'channels'];
    switch (this.below(depth > 0 ? 7 : 4)) {
      case 0:
        return this.text(40);
      case 1:
        return this.pick([0, -1, 1e300, 2 ** 53, 0.5]);
      case 2:
        return this.pick([null, true, false]);
      case 3:
        return this.pick(['board.red', 'board.', '_millrace.access', 'note.write']);
      case 4:
        return Array.from({ length: this.below(4) }, () => this.value(depth - 1));
      default:
        return Object.fromEntries(
          Array.from({ length: this.below(5) }, () => [this.pick(names), this.value(depth - 1)]),
        );
    }
  }
}
