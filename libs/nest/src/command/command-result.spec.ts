import { expect, it } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { plainResult } from './command-result.js';

const bounds = { maxDepth: 8, maxNodes: 50 };

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;

it.each([
  ['undefined', undefined, undefined],
  ['null', null, null],
  ['text', 'a', 'a'],
  ['false', false, false],
  ['what Nest would emit', { event: 'x', data: 1 }, { event: 'x', data: 1 }],
  ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
  ['an entity that is deep inside', { toJSON: () => ({ id: 1 }), inner: nested(100) }, { id: 1 }],
  ['as deep as may be', nested(8), nested(8)],
])('makes plain JSON of %s', (_, result, plain) => {
  expect(plainResult(result, bounds)).toEqual(plain);
});

it.each([
  ['a BigInt', 1n],
  ['a BigInt inside', { n: [1n] }],
  ['a cycle', circular],
  ['too deep a nesting', nested(10)],
  ['a nesting that ends every stack', nested(100_000)],
  ['too many values', Array.from({ length: 51 }, () => 0)],
  ['a large buffer', Buffer.alloc(51)],
  ['depth out of toJSON', { toJSON: () => nested(10) }],
  [
    'a toJSON that throws',
    {
      toJSON: () => {
        throw new Error('no');
      },
    },
  ],
  [
    'a getter that throws',
    {
      get name(): string {
        throw new Error('no');
      },
    },
  ],
])('refuses %s', (_, result) => {
  expect(() => plainResult(result, bounds)).toThrow(CodedError);
  expect(() => plainResult(result, bounds)).toThrow('JSON would change');
});

it.each([
  ['a function', () => 1, ''],
  ['a symbol', { s: Symbol('s') }, 's'],
  ['NaN', { a: [Number.NaN] }, 'a.0'],
  ['infinity', Number.POSITIVE_INFINITY, ''],
  ['an invalid date', { at: new Date(Number.NaN) }, 'at'],
  ['a buffer', { image: Buffer.from('a') }, 'image'],
  ['a list with a hole', [1, undefined], '1'],
  ['a map', { seats: new Map([[1, 2]]) }, 'seats'],
  ['an error', { error: new Error('secret') }, 'error'],
  ['a promise that nobody awaited', { seats: Promise.resolve(1) }, 'seats'],
])('refuses %s and names the path', (_, result, field) => {
  const details = [{ field, rules: { json: expect.any(String) as string } }];
  expect(() => plainResult(result, bounds)).toThrow(
    expect.objectContaining({ code: 'RESULT_INVALID', detail: { details } }),
  );
});

it('refuses a property called __proto__', () => {
  const result: unknown = JSON.parse('{"__proto__":{"admin":true}}');
  expect(() => plainResult(result, bounds)).toThrow(expect.objectContaining({ code: 'RESULT_INVALID' }));
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});
