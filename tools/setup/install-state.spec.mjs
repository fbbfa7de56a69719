import { describe, expect, it } from 'vitest';
import { isInstalled } from './install-state.mjs';

const lockfile = {
  packages: {
    '': { version: '0.0.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/for-mac': { version: '1.0.0', optional: true },
    'node_modules/@own/lib': { link: true },
  },
};
const { '': _, 'node_modules/for-mac': optional, ...installed } = lockfile.packages;

describe('isInstalled', () => {
  it.each([
    ['nothing was installed', undefined, false],
    ['all is there, but for what is for another platform', installed, true],
    ['that is there too', { ...installed, 'node_modules/for-mac': optional }, true],
    ['a package is missing', { 'node_modules/a': installed['node_modules/a'] }, false],
    ['a package has another version', { ...installed, 'node_modules/a': { version: '0.9.0' } }, false],
    ['a package has other content', { ...installed, 'node_modules/a': { version: '1.0.0', integrity: 'b' } }, false],
  ])('when %s', (_case, packages, expected) => {
    expect(isInstalled(lockfile, packages && { packages })).toBe(expected);
  });
});
