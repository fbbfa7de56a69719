import { describe, expect, it } from 'vitest';
import { importFaults } from './import-rules.js';
import { readSourceTree } from './source-tree.js';

const packages = {
  'package.json': JSON.stringify({ devDependencies: { vitest: '4' } }),
  'libs/protocol/package.json': '{}',
  'libs/client/package.json': JSON.stringify({
    dependencies: { '@millrace/protocol': '0.1.0', 'socket.io-client': '4', ws: '8' },
  }),
  'libs/nest/package.json': JSON.stringify({
    dependencies: { '@millrace/protocol': '0.1.0', pg: '8' },
    peerDependencies: { rxjs: '7' },
  }),
};

const faultsOf = (path: string, specifier: string) =>
  importFaults(new Map(Object.entries({ ...packages, [path]: `import { one } from '${specifier}';` })));

describe('import rules', () => {
  it('hold for every file', () => {
    const tree = readSourceTree();
    expect(tree.size).toBeGreaterThan(30);
    expect(importFaults(tree)).toEqual([]);
  });

  it.each([
    ['libs/nest/src/hub/hub.ts', '../broker/broker.port.js'],
    ['libs/nest/src/hub/room.ts', './hub.js'],
    ['libs/nest/src/stream/store.ts', 'pg'],
    ['libs/nest/src/core/clock.ts', 'node:timers'],
    ['libs/nest/src/millrace.module.ts', './broker/memory/memory-broker.js'],
    ['libs/nest/src/testing/module.ts', '../channel/channel.module.js'],
    ['libs/nest/src/stream/testing/store.contract.ts', 'vitest'],
    ['libs/nest/src/core/clock.spec.ts', '../hub/hub.js'],
    ['libs/nest/src/stream/store.pg.spec.ts', '../../../../test/support/fresh-database.js'],
    ['libs/protocol/src/position.spec.ts', 'vitest'],
    ['libs/client/src/connection.ts', '@millrace/protocol'],
    ['src/main.ts', '@millrace/nest'],
    ['src/desk/desk.gateway.spec.ts', '@millrace/nest/testing'],
  ])('let %s import %s', (path, specifier) => {
    expect(faultsOf(path, specifier)).toEqual([]);
  });

  it.each([
    ['libs/protocol/src/position.ts', 'node:crypto', 'no dependencies'],
    ['libs/protocol/src/position.spec.ts', '@millrace/nest', 'not among the dependencies'],
    ['libs/client/src/connection.ts', 'node:events', 'only the protocol'],
    ['libs/client/src/connection.ts', 'ws', 'only the protocol'],
    ['libs/client/src/connection.ts', '../../protocol/src/index.js', 'by its name'],
    ['libs/client/src/connection.ts', '@millrace/client/testing', '/testing is for tests'],
    ['libs/nest/src/core/clock.ts', '../hub/hub.js', 'core stands before hub'],
    ['libs/nest/src/health/ready.ts', '../millrace.module.js', 'health stands before root'],
    ['libs/nest/src/hub/hub.ts', '../testing/index.js', 'hub stands before testing'],
    ['libs/nest/src/extras/more.ts', '../core/clock.js', 'no place in the order'],
    ['libs/nest/src/hub/hub.ts', '../broker/memory/memory-broker.js', 'through its port'],
    ['libs/nest/src/stream/store.ts', 'kysely', 'not among the dependencies of libs/nest'],
    ['libs/nest/src/stream/store.ts', '../../../../test/support/fresh-database.js', 'by its name'],
    ['src/main.ts', '../libs/nest/src/index.js', 'by its name'],
    ['src/main.ts', '@millrace/nest/dist/index.js', 'only a package and its /testing'],
    ['src/main.ts', '@millrace/nest/testing', '/testing is for tests'],
  ])('see that %s imports %s', (path, specifier, why) => {
    const faults = faultsOf(path, specifier);
    expect(faults.join('\n')).toContain(why);
  });

  it('see imports of types, re-exports and dynamic imports', () => {
    const text = `
      import type { A } from 'one';
      export * from 'two';
      const three = await import('three');
      // import 'four'`;
    const faults = importFaults(new Map([['libs/protocol/src/a.ts', text]])).join('\n');
    for (const name of ['one', 'two', 'three']) expect(faults).toContain(`imports ${name}`);
    expect(faults).not.toContain('four');
  });
});
