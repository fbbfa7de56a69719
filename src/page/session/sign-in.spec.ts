import { describe, expect, it } from 'vitest';
import { Cut, CUT_MS } from './cut.js';
import { cleanName, keepName, viewerName } from './sign-in.js';

function memory(kept: Record<string, string> = {}): () => Storage {
  const storage = {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => {
      kept[key] = value;
    },
  };
  return () => storage as unknown as Storage;
}

const refused = (): Storage => {
  throw new Error('SecurityError');
};

describe('the name of a viewer', () => {
  it('is made once, and kept', () => {
    const storage = memory();
    expect(viewerName(storage, () => 0.5)).toBe('Guest 5500');
    expect(viewerName(storage, () => 0.1)).toBe('Guest 5500');
    expect(keepName(storage, 'Ada')).toBe(true);
    expect(viewerName(storage, () => 0.1)).toBe('Ada');
  });

  it('is made each time where nothing can be kept', () => {
    expect(viewerName(refused, () => 0)).toBe('Guest 1000');
    expect(viewerName(refused, () => 0.999_99)).toBe('Guest 9999');
    expect(keepName(refused, 'Ada')).toBe(false);
  });

  it.each([
    ['  Ada ', 'Ada'],
    ['A\u200Bd\u0007a', 'Ada'],
    ['x'.repeat(50), 'x'.repeat(40)],
    [' \u200B ', ''],
  ])('%j is cleaned to %j', (given, clean) => {
    expect(cleanName(given)).toBe(clean);
    expect(viewerName(memory({ 'departures.name': given }), () => 0)).toBe(clean || 'Guest 1000');
  });
});

describe('a cut', () => {
  it('disconnects, and connects again when its time is over', () => {
    const called: string[] = [];
    const timers: [number, () => void][] = [];
    const client = { connect: () => void called.push('connect'), disconnect: () => void called.push('disconnect') };
    const cut = new Cut(
      client,
      () => 5_000,
      (delayMs, task) => {
        timers.push([delayMs, task]);
        return () => {};
      },
    );
    cut.begin();
    cut.begin();
    expect(called).toEqual(['disconnect']);
    expect(cut.until).toBe(5_000 + CUT_MS);
    expect(timers.map(([delayMs]) => delayMs)).toEqual([CUT_MS]);
    timers[0]?.[1]();
    expect(called).toEqual(['disconnect', 'connect']);
    expect(cut.until).toBeUndefined();
  });
});
