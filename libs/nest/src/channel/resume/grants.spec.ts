import type { ChannelName, Epoch, Offset } from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Signer } from '../../core/signer.js';
import { FakeKeys } from '../../core/testing/fake-keys.js';
import { Grants, type Granted } from './grants.js';

const granted: Granted = {
  subject: 'ann',
  channel: 'desk.SFO' as ChannelName,
  from: { epoch: 'e1' as Epoch, offset: 40 as Offset },
  access: { epoch: 'a1' as Epoch, offset: 7 as Offset },
};
const asked = {
  subject: 'ann',
  channel: 'desk.SFO' as ChannelName,
  epoch: 'e1' as Epoch,
  accessEpoch: 'a1' as Epoch,
};
const grantsOf = (keys: FakeKeys): Grants => new Grants(new Signer(keys, 'positions'));

describe('a grant', () => {
  const grants = grantsOf(new FakeKeys());
  const text = grants.write(granted);

  it('comes back as it was written', () => {
    expect(grants.read(text, asked)).toEqual(granted);
    const far = { ...granted, from: { ...granted.from, offset: Number.MAX_SAFE_INTEGER as Offset } };
    expect(grants.read(grants.write(far), asked)).toEqual(far);
  });

  it('has the form that a position is kept with', () => {
    expect(text).toMatch(/^[\w-]+(?:~[\w-]+)+$/);
    expect(text.length).toBeLessThan(64);
  });

  it.each([
    ['another subject', { subject: 'bob' }],
    ['another channel', { channel: 'desk.LAX' as ChannelName }],
    ['another life of the channel', { epoch: 'e2' as Epoch }],
    ['another life of the withdrawals', { accessEpoch: 'a2' as Epoch }],
  ])('shows nothing to %s', (_what, other) => {
    expect(grants.read(text, { ...asked, ...other })).toBeUndefined();
  });

  it('shows nothing to another installation, nor when it was signed for something else', () => {
    expect(grantsOf(new FakeKeys('other')).read(text, asked)).toBeUndefined();
    expect(new Grants(new Signer(new FakeKeys(), 'other')).read(text, asked)).toBeUndefined();
  });

  it('outlives a new secret, until the former one is removed', () => {
    const keys = new FakeKeys();
    const rotating = grantsOf(keys);
    const before = rotating.write(granted);
    keys.rotate();
    expect(rotating.write(granted)).not.toBe(before);
    expect(rotating.read(before, asked)).toEqual(granted);
    keys.forgetFormer();
    expect(rotating.read(before, asked)).toBeUndefined();
  });

  it('is none when a single character is another one', () => {
    for (let index = 0; index < text.length; index++) {
      const other = `${text.slice(0, index)}${text[index] === '0' ? '1' : '0'}${text.slice(index + 1)}`;
      expect(grants.read(other, asked), other).toBeUndefined();
    }
  });

  it('is none of any text whatever, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\w-]{0,20}(~[\w-]{0,20}){0,4}$/)), (other) => {
        fc.pre(other !== text);
        expect(grants.read(other, asked)).toBeUndefined();
      }),
    );
  });
});
