import { expect, it } from 'vitest';
import { clockFaults } from './clock-rules.js';
import { readSourceTree } from './source-tree.js';

it('lets only those read wall time who show it, or compare it with a token', () => {
  expect(clockFaults(readSourceTree())).toEqual([]);
});

it.each([
  ['const at = this.parts.clock.now();', 'reads wall time'],
  ['const at = Date.now();', 'reads wall time'],
  ['const at = new Date();', 'reads wall time'],
  ['const at = performance.now();', 'reads a clock that tests do not own'],
])('finds %o', (text, fault) => {
  const path = 'libs/nest/src/hub/any.ts';
  expect(clockFaults(new Map([[path, text]]))).toEqual([`${path} ${fault}`]);
});
