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
  ['a function', () => 1, undefined],
  ['a symbol', Symbol('s'), undefined],
  ['null', null, null],
  ['text', 'a', 'a'],
  ['false', false, false],
  ['NaN', Number.NaN, null],
  ['infinity', Number.POSITIVE_INFINITY, null],
  ['what Nest would emit', { event: 'x', data: 1 }, { event: 'x', data: 1 }],
  ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['a buffer', Buffer.from('a'), { type: 'Buffer', data: [97] }],
  ['a list with a hole', [undefined, () => 1, 2], [null, null, 2]],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
  ['a map', new Map([[1, 2]]), {}],
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
  expect(() => plainResult(result, bounds)).toThrow('not JSON');
});

it('keeps a property called __proto__ to itself', () => {
  const result = plainResult(JSON.parse('{"__proto__":{"admin":true}}'), bounds);
  expect((result as { admin?: unknown }).admin).toBeUndefined();
  expect(JSON.stringify(result)).toBe('{"__proto__":{"admin":true}}');
});
