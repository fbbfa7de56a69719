import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unfaithfulValue } from './index.js';

const circular: Record<string, unknown> = { list: [] };
(circular['list'] as unknown[]).push({ back: circular });

const thrown = new Error('no');
const fail = (): never => {
  throw thrown;
};

class Note {
  #secret = 1;
  constructor(readonly text: string) {}
  secret() {
    return this.#secret;
  }
}

describe('a value that JSON would change', () => {
  it.each<[string, unknown, string, string]>([
    ['NaN', { a: Number.NaN }, 'a', 'NaN'],
    ['an infinity', [1, -Infinity], '1', '-Infinity'],
    ['a boxed NaN', { a: new Number(Number.NaN) }, 'a', 'NaN'],
    ['an invalid date', { at: new Date(Number.NaN) }, 'at', 'an invalid Date'],
    ['a date out of a toJSON', { toJSON: () => new Date(0) }, '', 'an instance of Date'],
    ['a Map', { a: { b: new Map([[1, 2]]) } }, 'a.b', 'an instance of Map'],
    ['a Set', new Set([1]), '', 'an instance of Set'],
    ['a WeakMap', [new WeakMap()], '0', 'an instance of WeakMap'],
    [
      'an error with properties',
      { error: Object.assign(new TypeError('x'), { code: 1 }) },
      'error',
      'an instance of Error',
    ],
    ['a promise', { a: Promise.resolve(1) }, 'a', 'an instance of Promise'],
    ['a RegExp', { a: /x/ }, 'a', 'an instance of RegExp'],
    ['search parameters', { a: new URLSearchParams('a=1') }, 'a', 'an instance of URLSearchParams'],
    ['a Blob', { a: [new Blob(['x'])] }, 'a.0', 'an instance of Blob'],
    ['an ArrayBuffer', new ArrayBuffer(4), '', 'an instance of ArrayBuffer'],
    ['bytes', { a: new Uint8Array(4) }, 'a', 'binary data'],
    ['a Buffer', { a: Buffer.from('x') }, 'a', 'binary data'],
    ['a BigInt', { n: [1n] }, 'n.0', 'a BigInt'],
    ['a boxed BigInt', { n: Object(1n) as unknown }, 'n', 'an instance of BigInt'],
    ['a function', () => 1, '', 'a function'],
    ['a function inside', { a: fail }, 'a', 'a function'],
    ['a symbol', { a: Symbol('s') }, 'a', 'a symbol'],
    ['an element that is undefined', { a: [undefined] }, 'a.0', 'undefined'],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole', [1, , 3], '1', 'undefined'],
    ['a cycle', circular, 'list.0.back', 'a cycle'],
    ['a key __proto__', JSON.parse('{"a":{"__proto__":{"admin":true}}}'), 'a.__proto__', 'a key that is not allowed'],
    ['a key constructor', { a: [{ constructor: 1 }] }, 'a.0.constructor', 'a key that is not allowed'],
    ['a Map of another realm', runInNewContext('({ a: new Map() })'), 'a', 'an instance of Map'],
    ['an invalid date of another realm', runInNewContext('[new Date(NaN)]'), '0', 'an invalid Date'],
  ])('%s is found', (_name, value, path, what) => {
    expect(unfaithfulValue(value)).toEqual({ path, what });
  });

  it.each<[string, unknown, string]>([
    [
      'a getter',
      {
        a: {
          get b() {
            return fail();
          },
        },
      },
      'a.b',
    ],
    ['a toJSON', { a: [{ toJSON: fail }] }, 'a.0'],
    ['a proxy', { a: new Proxy({}, { ownKeys: fail }) }, 'a'],
  ])('%s that throws is found, with what it threw', (_name, value, path) => {
    expect(unfaithfulValue(value)).toEqual({ path, what: 'an accessor or a toJSON() that throws', cause: thrown });
  });

  it('is found however deep it lies, and the path stays short', () => {
    let value: unknown = [1n];
    for (let level = 0; level < 100_000; level++) value = [value];
    expect(unfaithfulValue(value)?.what).toBe('a BigInt');
    expect(unfaithfulValue(value)?.path.length).toBeLessThan(300);
  });
});

describe('a value that JSON says whole', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'a\0\ud800'],
    ['an absent property', { a: undefined, b: 1 }],
    ['a date', { at: new Date(0) }],
    ['an address', { a: new URL('http://a.b/') }],
    ['an object of a class', new Note('a')],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['what a toJSON makes of it', { toJSON: () => ({ id: 1 }), inner: 1n }],
    [
      'the same object twice',
      (() => {
        const a = { b: 1 };
        return [a, a, { a }];
      })(),
    ],
    ['boxed primitives', [new Number(1), new String('a'), new Boolean(false)]],
    ['words that only look like keys', { proto: 1, prototype: 2, toString: 3 }],
  ])('%s passes', (_name, value) => {
    expect(unfaithfulValue(value)).toBeUndefined();
  });

  it('is every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/"(?:__proto__|constructor)":/.test(text));
        expect(unfaithfulValue(value)).toBeUndefined();
      }),
    );
  });

  it('is looked through once, however often it is shared', () => {
    let value: object = { a: 1 };
    for (let level = 0; level < 60; level++) value = { left: value, right: value };
    expect(unfaithfulValue(value)).toBeUndefined();
  });

  it('asks each toJSON once, with its key', () => {
    const keys: string[] = [];
    const toJSON = (key: string) => keys.push(key);
    expect(unfaithfulValue({ a: { toJSON }, b: [{ toJSON }] })).toBeUndefined();
    expect(keys).toEqual(['a', '0']);
  });
});
