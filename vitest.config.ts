import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Specs run on the sources of the workspace packages, never on a `dist` that may be stale. */
const alias = [
  { find: /^@millrace\/(\w+)\/testing$/, replacement: source('./libs/$1/src/testing/index.ts') },
  { find: /^@millrace\/nest\/(drizzle|kysely)$/, replacement: source('./libs/nest/src/$1.ts') },
  { find: /^@millrace\/(\w+)$/, replacement: source('./libs/$1/src/index.ts') },
];

/** What needs a database or a broker, and is therefore slow: the embedded one takes seconds to start. */
const services = '**/*.{pg,pgbouncer,pglite,redis}.spec.ts';
/** What takes its time: wrong clocks, thawed nodes, slow networks, a build from nothing. */
const long = 'test/**/*.long.spec.ts';
/** Specs that need a worker of their own: they replace a package, or look at what the whole process logs. */
const isolated = '**/*.isolated.spec.ts';
const shared = { exclude: ['**/dist/**', '**/node_modules/**'], passWithNoTests: false };

export default defineConfig({
  resolve: { alias },
  test: {
    // On two cores vitest would leave one idle, although most tests wait for somebody else.
    maxWorkers: 2,
    // A worker loads the workspace once, not once a file: half of the time of all tests was spent on loading. So a file
    // must leave nothing behind that others see.
    isolate: false,
    setupFiles: [source('./test/support/leave-nothing.ts')],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'libs/*/src/**/*.spec.ts',
            'src/**/*.spec.ts',
            'test/architecture/**/*.spec.ts',
            'tools/**/*.spec.mjs',
          ],
          exclude: [...shared.exclude, services, isolated],
          typecheck: { enabled: false },
          // Those that look at every source file take seconds where others use the cores too.
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: { name: 'isolated', include: [`libs/*/src/${isolated}`], exclude: shared.exclude, isolate: true },
      },
      {
        extends: true,
        test: {
          name: 'stores',
          include: [`libs/*/src/${services}`, `src/${services}`, `test/support/${services}`],
          exclude: shared.exclude,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts'],
          exclude: [...shared.exclude, long],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // No part of `npm test`, for the two minutes that it takes: npm test -- long
      {
        extends: true,
        test: {
          name: 'long',
          include: [long],
          exclude: shared.exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.spec.ts'],
          exclude: shared.exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.spec.ts'],
          exclude: shared.exclude,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.spec.ts'],
          exclude: shared.exclude,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'workspace',
          include: ['test/workspace/**/*.spec.ts'],
          exclude: [...shared.exclude, long],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // No part of `npm test`, for the one to three minutes that it takes: npx vitest run --project image
      {
        extends: true,
        test: {
          name: 'image',
          include: ['test/image/**/*.spec.ts'],
          exclude: shared.exclude,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
