import { expect, it } from 'vitest';
import { randomIds } from './ids.js';

it('makes ids that are unique and fit a wire frame, a log line and a column of text', () => {
  const ids = Array.from({ length: 1_000 }, () => randomIds.next());
  expect(new Set(ids).size).toBe(1_000);
  expect(ids.every((id) => /^[\w-]{36}$/.test(id))).toBe(true);
});
