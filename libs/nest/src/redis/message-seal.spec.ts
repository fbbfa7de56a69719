import { expect, it } from 'vitest';
import { Signer } from '../core/signer.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { testSeal as sealOf } from './testing/test-seal.js';
import type { MessageSealParts } from './message-seal.js';

/** As Redis brings it: bytes. */
function testSeal(parts?: Partial<MessageSealParts>) {
  const inner = sealOf(parts);
  return {
    seal: (channel: string, payload: string | Buffer): Buffer => Buffer.from(inner.seal(channel, payload) as string),
    open: (channel: string, sealed: Buffer) => inner.open(channel, sealed),
  };
}

const other = { id: 1, bytes: Buffer.alloc(32, 8) };
const strange = testSeal({ signer: new Signer({ current: other, find: () => other }, 'nodes') });

it('a message of another node is opened as it was, text and bytes', () => {
  const [one, two] = [testSeal(), testSeal()];
  expect(two.open('a', one.seal('a', 'text →'))).toEqual(Buffer.from('text →'));
  const bytes = Buffer.from([0, 255, 10, 32]);
  expect(two.open('a', one.seal('a', bytes))).toEqual(bytes);
  expect(two.open('a', one.seal('a', ''))).toEqual(Buffer.alloc(0));
});

it('a node hears itself', () => {
  const seal = testSeal();
  expect(seal.open('a', seal.seal('a', 'x'))).toEqual(Buffer.from('x'));
});

it.each([
  ['without a seal', Buffer.from('1 node ["e",0,"",[]]')],
  ['empty', Buffer.alloc(0)],
  ['with a head alone', Buffer.from('S1 node 1 1 ')],
  ['of another secret', strange.seal('a', 'x')],
  ['moved from another channel', testSeal().seal('b', 'x')],
  ['cut short', testSeal().seal('a', 'xy').subarray(0, -1)],
  ['with more behind it', Buffer.concat([testSeal().seal('a', 'x'), Buffer.from('y')])],
])('one %s is forged', (_what, sealed) => {
  expect(testSeal().open('a', sealed)).toBe('forged');
});

it('no single byte can be changed', () => {
  const receiver = testSeal();
  const sealed = testSeal().seal('a', 'text');
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = changed[at]! ^ 1;
    expect(receiver.open('a', changed)).toBe('forged');
  }
  expect(receiver.open('a', sealed)).toEqual(Buffer.from('text'));
});

it('what was heard, or lies before it, is not heard again', () => {
  const [one, two] = [testSeal(), testSeal()];
  const sealed = ['1', '2', '3'].map((text) => one.seal('a', text));
  expect(two.open('a', sealed[1]!)).toEqual(Buffer.from('2'));
  expect([sealed[1]!, sealed[0]!].map((again) => two.open('a', again))).toEqual(['replayed', 'replayed']);
  expect(two.open('a', sealed[2]!)).toEqual(Buffer.from('3'));
});

it('a node that has just come hears nothing of a sender that said it long ago', () => {
  const clock = new FakeClock();
  const recorded = testSeal({ clock }).seal('a', 'old');
  clock.step(601_000);
  expect(testSeal({ clock }).open('a', recorded)).toBe('stale');
});

it('a sender that is known is heard whatever the clock says', () => {
  const clock = new FakeClock();
  const [one, two] = [testSeal({ clock: new FakeClock() }), testSeal({ clock })];
  two.open('a', one.seal('a', '1'));
  clock.step(30 * 86_400_000);
  expect(two.open('a', one.seal('a', '2'))).toEqual(Buffer.from('2'));
});

it('a late frame does not hide the sender that was heard longest ago from 4,096 others', () => {
  const receiver = testSeal();
  const first = testSeal();
  const sealed = first.seal('a', 'x');
  receiver.open('a', sealed);
  for (let count = 0; count < 4_095; count++) receiver.open('a', testSeal().seal('a', 'x'));
  expect(receiver.open('a', sealed)).toBe('replayed');
});
