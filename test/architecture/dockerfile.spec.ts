import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  commandOf,
  copyOf,
  ignores,
  named,
  readDockerfile,
  readDockerignore,
  stagesOf,
} from '../support/dockerfile.js';
import { root } from './source-tree.js';

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const stages = readDockerfile();
const last = stages.at(-1)!;
const isIgnored = readDockerignore();
const copies = stages.flatMap((stage) => named(stage, 'COPY').map((one) => ({ stage, ...copyOf(one) })));
const intoLast = copies.filter(({ stage }) => stage === last);
/** What is copied out of the workspace. */
const sources = copies.flatMap(({ from, sources: paths }) => (from === undefined ? paths : []));

describe('the Dockerfile', () => {
  it('copies what is there and what .dockerignore lets through', () => {
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(sources.filter((path) => isIgnored(path))).toEqual([]);
  });

  it('copies from earlier stages, and nothing of the folder into the last one', () => {
    for (const { stage, from } of copies.filter((one) => one.from !== undefined)) {
      expect(stages.slice(0, stages.indexOf(stage)).map(({ name }) => name)).toContain(from);
    }
    expect(intoLast.map(({ from }) => from)).not.toContain(undefined);
  });

  it('brings every library and everything that the build refers to', () => {
    const { references } = JSON.parse(read('tsconfig.build.json')) as { references: { path: string }[] };
    for (const { path } of references) {
      const folder = path.replace(/^\.\//, '').replace(/\/tsconfig.build.json$/, '');
      expect(sources.some((source) => folder === source || folder.startsWith(`${source}/`))).toBe(true);
    }
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    for (const library of workspaces) {
      expect(sources).toContain(`${library}/package.json`);
      expect(intoLast).toContainEqual(
        expect.objectContaining({ from: 'build', sources: [`/app/${library}/dist`], target: `${library}/dist` }),
      );
    }
  });

  it('runs with the packages that production needs', () => {
    const packages = intoLast.find((copy) => copy.sources.includes('/app'))!;
    const installs = named(
      stages.find(({ name }) => name === packages.from)!,
      'RUN',
    ).map(({ text }) => text);
    expect(installs).toEqual(['npm ci --omit=dev --omit=optional']);
    for (const copy of intoLast.filter((one) => one !== packages)) {
      expect([copy.from, ...copy.sources]).toEqual(['build', expect.stringMatching(/^\/app\/(?:libs\/\w+\/)?dist$/)]);
    }
    const lockfile = JSON.parse(read('package-lock.json')) as Lockfile;
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
    const stay = Object.keys(devDependencies).filter((name) => {
      const { dev, devOptional } = lockfile.packages[`node_modules/${name}`] ?? {};
      return dev !== true && devOptional !== true;
    });
    // Dependencies of packages that run: of socket.io, and of @millrace/client.
    expect(stay).toEqual(['@types/node', 'socket.io-client']);
  });

  it('runs as nobody special', () => {
    expect(last.from).toMatch(/^node:\d+-slim$/);
    expect(named(last, 'USER').map(({ text }) => text)).toEqual(['node']);
    const names = last.instructions.map(({ name }) => name);
    expect(names.indexOf('USER')).toBeGreaterThan(names.lastIndexOf('COPY'));
    expect(names.indexOf('USER')).toBeLessThan(names.indexOf('CMD'));
  });

  it('asks for a health that there is, and starts what the build makes', () => {
    expect(commandOf(last, 'HEALTHCHECK').join(' ')).toContain('}/health/live`');
    expect(read('libs/nest/src/health/health.controller.ts')).toMatch(/path: 'health'.*@Get\('live'\)/s);
    expect(commandOf(last, 'CMD')).toEqual(['node', 'dist/main.js']);
    expect(existsSync(join(root, 'src/main.ts'))).toBe(true);
  });
});

describe('.dockerignore', () => {
  it.each(['.env', '.git/config', 'README.md', '.data/x', 'node_modules/pg/index.js', 'test/e2e/boot.ts'])(
    'keeps %s out',
    (path) => expect(isIgnored(path)).toBe(true),
  );

  it.each(['libs/nest/node_modules/x.js', 'libs/nest/dist/index.js', 'src/config/config.spec.ts', 'src/.env.local'])(
    'keeps %s out, which lies in a folder that is let through',
    (path) => expect(isIgnored(path)).toBe(true),
  );

  it.each(['package.json', 'libs/nest/src/index.ts', 'src/page/index.html', 'test/apps/notes/contracts.ts'])(
    'lets %s through',
    (path) => expect(isIgnored(path)).toBe(false),
  );
});

describe('the reading of these files', () => {
  it('goes stage by stage', () => {
    const text = '# head\nFROM a:1 AS one\nCOPY x y/\nFROM one\nRUN a \\\n  b\nCOPY --from=one /q ./\n';
    const [first, second] = stagesOf(text);
    expect([first?.name, first?.from, second?.name, second?.from]).toEqual(['one', 'a:1', '1', 'one']);
    expect(named(second!, 'RUN')[0]?.text).toBe('a b');
    expect(copyOf(named(second!, 'COPY')[0]!)).toEqual({ from: 'one', sources: ['/q'], target: './' });
  });

  it('lets the last pattern that matches decide, as Docker does', () => {
    const reads = ignores('# a comment\n*\n!a\n**/*.log\n!a/keep.log');
    expect(['b', 'a', 'a/b/c', 'a/b/x.log', 'a/keep.log'].map(reads)).toEqual([true, false, false, true, false]);
  });
});
