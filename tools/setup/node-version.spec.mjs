import { expect, it } from 'vitest';
import { nodeVersionFault } from './node-version.mjs';

it.each(['20.19.0', '20.20.2', '22.0.0', '24.11.1'])('takes Node %s', (version) => {
  expect(nodeVersionFault(version, '>=20.19')).toBeUndefined();
});

it.each(['20.18.3', '18.20.4'])('refuses Node %s and says why', (version) => {
  expect(nodeVersionFault(version, '>=20.19')).toBe(`Node ${version} is too old: Millrace needs Node >=20.19.`);
});
