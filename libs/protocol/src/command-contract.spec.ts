import { describe, expect, it } from 'vitest';
import { defineCommand, isCommandName } from './index.js';

describe('a command name', () => {
  it.each(['departure.record', 'crew.member.addShift', 'a.b', `a.${'b'.repeat(126)}`])('may be %s', (name) => {
    expect(isCommandName(name)).toBe(true);
    expect(defineCommand(name)).toEqual({ name });
  });

  it.each([
    '',
    'record',
    'Departure.record',
    'departure.',
    '.record',
    'departure..record',
    'departure record',
    'departure.re-cord',
    '1a.b',
    'a.b\n',
    '__proto__',
    `a.${'b'.repeat(127)}`,
  ])('may not be %j', (name) => {
    expect(isCommandName(name)).toBe(false);
    expect(() => defineCommand(name)).toThrow(TypeError);
  });
});
