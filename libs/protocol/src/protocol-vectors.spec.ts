import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodePosition, encodePosition, isChannelName, PROTOCOL_VERSION } from './index.js';

interface Vectors {
  readonly protocol: number;
  readonly positions: { readonly valid: readonly ({ readonly token: string } & object)[]; readonly invalid: string[] };
  readonly channelNames: { readonly valid: string[]; readonly invalid: string[] };
}

const file = new URL('../../../docs/protocol-vectors.json', import.meta.url);
const { protocol, positions, channelNames } = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

describe('docs/protocol-vectors.json', () => {
  it('is about the version of the protocol that the code speaks', () => {
    expect(protocol).toBe(PROTOCOL_VERSION);
  });

  it.each(positions.valid)('has a position token that the code reads and writes the same way: $token', (vector) => {
    const { token, ...position } = vector;
    const decoded = decodePosition(token);
    expect(decoded).toEqual(position);
    expect(decoded && encodePosition(decoded)).toBe(token);
  });

  it.each(positions.invalid)('has a text that the code does not take for a position token: %j', (text) => {
    expect(decodePosition(text)).toBeUndefined();
  });

  it.each(channelNames.valid)('has a channel name that the code takes: %s', (name) => {
    expect(isChannelName(name)).toBe(true);
  });

  it.each(channelNames.invalid)('has a text that the code does not take for a channel name: %j', (text) => {
    expect(isChannelName(text)).toBe(false);
  });
});
