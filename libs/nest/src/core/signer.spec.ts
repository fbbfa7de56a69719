import { expect, it } from 'vitest';
import { Signer, type KeyRing, type SecretKey } from './signer.js';

const key = (id: number, fill = id): SecretKey => ({ id, bytes: Buffer.alloc(32, fill) });
const ring = (...keys: readonly [SecretKey, ...SecretKey[]]): KeyRing => ({
  current: keys[0],
  find: (id) => keys.find((one) => one.id === id),
});
const signer = new Signer(ring(key(1)), 'test');

it('knows its own signature, and that of another node with the same keys', () => {
  const signature = signer.sign('text');
  expect(signature).toMatch(/^1~[A-Za-z0-9_-]{16}$/);
  expect(signer.isGenuine('text', signature)).toBe(true);
  expect(new Signer(ring(key(1)), 'test').isGenuine('text', signature)).toBe(true);
});

it.each([
  ['of another text', 'texts', signer.sign('text')],
  ['of another secret', 'text', new Signer(ring(key(1, 9)), 'test').sign('text')],
  ['of another purpose', 'text', new Signer(ring(key(1)), 'other').sign('text')],
  ['of a key that nobody has', 'text', new Signer(ring(key(2)), 'test').sign('text')],
  ['with one character changed', 'text', signer.sign('text').replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
  ['cut short', 'text', signer.sign('text').slice(0, -1)],
  ['with more behind it', 'text', `${signer.sign('text')}A`],
  ['of nothing', 'text', ''],
])('refuses a signature %s', (_what, text, signature) => {
  expect(signer.isGenuine(text, signature)).toBe(false);
});

it('takes signatures of a former key as long as the key is there', () => {
  const former = signer.sign('text');
  expect(new Signer(ring(key(2), key(1)), 'test').isGenuine('text', former)).toBe(true);
  expect(new Signer(ring(key(2)), 'test').isGenuine('text', former)).toBe(false);
});
