import { expect, it } from 'vitest';
import { packageVersion } from './package-version.js';

it('knows the version of the package', () => {
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});
