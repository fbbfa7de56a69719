import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePosition, encodePosition, type Epoch, type Offset, type Position } from './index.js';

const word = fc.stringMatching(/^[\w-]{1,64}$/);
const position: fc.Arbitrary<Position> = fc
  .record({ epoch: word, offset: fc.maxSafeNat(), id: word, time: fc.maxSafeNat() })
  .map(({ epoch, offset, id, time }) => ({
    epoch: epoch as Epoch,
    offset: offset as Offset,
    id: offset === 0 ? '' : id,
    time,
  }));

const likeToken = fc
  .array(fc.oneof(fc.nat().map(String), fc.constantFrom('', '0', '-1', '01', '1e3', '0x1', ' 1', 'a', 'é')), {
    minLength: 4,
    maxLength: 5,
  })
  .map((parts) => parts.join('.'));

describe('a position token', () => {
  it('comes back as the position that it was made of', () => {
    fc.assert(
      fc.property(position, (original) => {
        expect(decodePosition(encodePosition(original))).toEqual(original);
      }),
    );
  });

  it('is different for different positions', () => {
    fc.assert(
      fc.property(position, position, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(encodePosition(one)).not.toBe(encodePosition(other));
      }),
    );
  });

  it('is never made of any text whatever, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), likeToken), (text) => {
        const decoded = decodePosition(text);
        expect(decoded === undefined || encodePosition(decoded) === text).toBe(true);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['too few parts', 'e.1.a'],
    ['too many parts', 'e.1.a.1.x'],
    ['no epoch', '.1.a.1'],
    ['an epoch of other characters', 'e/.1.a.1'],
    ['a broken offset', 'e.1,5.a.1'],
    ['an empty offset', 'e..a.1'],
    ['a negative offset', 'e.-1.a.1'],
    ['an offset in hex', 'e.0x10.a.1'],
    ['an offset with an exponent', 'e.1e3.a.1'],
    ['an offset with a space', 'e. 1.a.1'],
    ['an offset beyond what is exact', 'e.9007199254740993.a.1'],
    ['an event before the first', 'e.0.a.1'],
    ['no event at an offset', 'e.1..1'],
    ['a broken time', 'e.1.a.x'],
    ['an empty time', 'e.1.a.'],
    ['a negative time', 'e.1.a.-5'],
    ['too long a text', `e.1.${'a'.repeat(64)}.${'1'.repeat(300)}`],
    ['too long an id', `e.1.${'a'.repeat(65)}.1`],
  ])('is not %s', (_what, text) => {
    expect(decodePosition(text)).toBeUndefined();
  });

  it('stands before the first event at offset 0', () => {
    expect(decodePosition('e.0..0')).toEqual({ epoch: 'e', offset: 0, id: '', time: 0 });
  });
});
