import { expect, it } from 'vitest';
import { encodeEventData } from './event-encoding.js';

const bounds = { maxDepth: 4, maxNodes: 10, maxEventBytes: 40 };

it.each([
  ['an object', { a: [1, 'ü'] }, '{"a":[1,"ü"]}'],
  ['no data', undefined, 'null'],
  ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ['a property without a value', { a: undefined, b: 1 }, '{"b":1}'],
  ['zero with a sign', { a: -0 }, '{"a":0}'],
  ['brackets in a text', '[[[[[[{{{{', '"[[[[[[{{{{"'],
  ['half of a character', '\ud800', '"\\ud800"'],
  ['an entity that is large inside', { toJSON: () => 1, inner: Array.from({ length: 99 }, () => 0) }, '1'],
])('encodes %s', (_, data, text) => {
  expect(encodeEventData(data, bounds)).toBe(text);
});

const circular: unknown[] = [];
circular.push(circular);

it.each([
  ['a BigInt', 1n],
  ['a cycle', circular],
  ['a function', () => 1],
  ['too deep a nesting', [[[[[[]]]]]]],
  ['too many values', Array.from({ length: 11 }, () => 0)],
  ['depth out of toJSON', { toJSON: () => [[[[[[]]]]]] }],
  [
    'a getter that throws',
    {
      get name(): string {
        throw new Error('no');
      },
    },
  ],
])('refuses %s', (_, data) => {
  expect(() => encodeEventData(data, bounds)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
});

it.each([
  ['NaN', { price: Number.NaN }, 'price'],
  ['an infinity', [1, Infinity], '1'],
  ['an invalid date', { at: new Date(Number.NaN) }, 'at'],
  ['a Map', { seats: { byRow: new Map([[1, 2]]) } }, 'seats.byRow'],
  ['a Set', new Set([1]), ''],
  ['an Error', { error: new Error('no') }, 'error'],
  ['bytes', { image: new Uint8Array(2) }, 'image'],
  ['an element without a value', { list: [1, undefined] }, 'list.1'],
  ['a key that code copies into prototypes', JSON.parse('{"a":[{"__proto__":{}}]}'), 'a.0.__proto__'],
  ['a BigInt', { n: 1n }, 'n'],
])('names the path of %s', (_, data, field) => {
  expect(() => encodeEventData(data, bounds)).toThrow(
    expect.objectContaining({
      code: 'EVENT_INVALID',
      detail: { details: [{ field, rules: { json: expect.any(String) as string } }] },
    }),
  );
});

it('counts bytes, not characters', () => {
  expect(encodeEventData('ü'.repeat(19), bounds)).toHaveLength(21);
  expect(() => encodeEventData('ü'.repeat(20), bounds)).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }));
});
