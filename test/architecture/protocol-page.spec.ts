import { readFileSync } from 'node:fs';
import { decodePosition } from '@millrace/protocol';
import { expect, it } from 'vitest';

interface Packet {
  readonly from: 'client' | 'server';
  readonly text: string;
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/protocol.md');
const { conversations } = JSON.parse(read('docs/protocol-vectors.json')) as {
  readonly conversations: Readonly<Record<string, readonly Packet[]>>;
};

/** The code blocks of a section, each as its lines. */
function blocksOf(heading: string): string[][] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/```\n([\s\S]*?)\n```/g)].map(([, block = '']) => block.split('\n'));
}

it('docs/protocol.md shows the frames of docs/protocol-vectors.json', () => {
  const drawn = Object.values(conversations).map((packets) =>
    packets.map(({ from, text }) => `${from === 'client' ? '→' : '←'} ${text}`),
  );
  expect(blocksOf('Frames as they are sent')).toEqual(drawn);
});

it('docs/protocol.md draws position tokens as they are sent', () => {
  const tokens = blocksOf('Position token').flat();
  expect(tokens.map((token) => decodePosition(token)?.offset)).toEqual([1, 0]);
});
