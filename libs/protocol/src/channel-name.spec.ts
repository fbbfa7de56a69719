import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isChannelName, isChannelSegment } from './index.js';

describe('a channel name', () => {
  it.each(['a', 'desk.SFO', 'a-b_c.1.2', 'A'.repeat(255)])('may be %s', (text) => {
    expect(isChannelName(text)).toBe(true);
  });

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a b',
    'a*',
    'a:b',
    'a/b',
    'ä',
    'a\n',
    '\na',
    'a.b\u0000',
    'A'.repeat(256),
    `${'a.'.repeat(127)}aa`,
  ])('may not be %j', (text) => {
    expect(isChannelName(text)).toBe(false);
  });

  it('is its segments, joined by dots', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 5 }), (segments) => {
        expect(isChannelName(segments.join('.'))).toBe(segments.join('.').split('.').every(isChannelSegment));
      }),
    );
  });
});

describe('a segment', () => {
  it.each([
    ['SFO', true],
    ['a-b_1', true],
    ['', false],
    ['a.b', false],
    ['a b', false],
    ['a'.repeat(256), false],
  ])('%j: %s', (text, is) => {
    expect(isChannelSegment(text)).toBe(is);
  });
});
