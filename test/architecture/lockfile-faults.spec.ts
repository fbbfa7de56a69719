import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockfileFaults, type Lockfile } from './lockfile-faults.js';
import { root } from './source-tree.js';

const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile;

const planted = (packages: Lockfile['packages']): string[] =>
  lockfileFaults({ packages: { ...lockfile.packages, ...packages } });

describe('lockfile', () => {
  it('keeps to the security floors, one socket.io and no host', () => {
    expect(lockfileFaults(lockfile)).toEqual([]);
  });

  it.each([
    ['a version below a floor', { 'node_modules/ws': { version: '8.9.0' } }, 'ws is 8.9.0, older than 8.21.3'],
    [
      'a nested copy below a floor',
      { 'node_modules/a/node_modules/engine.io': { version: '6.6.11' } },
      'node_modules/a/node_modules/engine.io is 6.6.11',
    ],
    [
      'a second socket.io',
      { 'node_modules/@nestjs/platform-socket.io/node_modules/socket.io': { version: '4.8.3' } },
      'socket.io must be 4.8.4 once',
    ],
    [
      'a registry',
      { 'node_modules/pg': { version: '8.23.1', resolved: 'https://registry.example/pg.tgz' } },
      'node_modules/pg names the host',
    ],
    [
      'a binary missing for a platform',
      { 'node_modules/pg': { version: '8.23.1', optionalDependencies: { '@pg/for-mac': '1' } } },
      'node_modules/pg wants @pg/for-mac',
    ],
  ])('fails with %s', (_, packages, fault) => {
    expect(planted(packages).join('\n')).toContain(fault);
  });

  it('fails when a guarded package is gone', () => {
    expect(lockfileFaults({ packages: {} }).join('\n')).toContain('ws is not in the lockfile');
  });
});
