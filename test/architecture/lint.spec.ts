import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './source-tree.js';

/** Built from parts: a search for forgotten `only`s should not find this file. */
const focused = ['it', 'only'].join('.');
const disabled = ['it', 'skip'].join('.');

/** One planted fault for each rule that the project leans on. */
const faults = {
  'src/floating.ts': ['typescript(no-floating-promises)', 'export const f = () => { Promise.resolve(1); };'],
  'src/misused.ts': ['typescript(no-misused-promises)', 'export const f = () => [1].forEach(async () => {});'],
  'src/environment.ts': ['node(no-process-env)', 'export const port = process.env.PORT;'],
  'src/long.ts': ['eslint(max-lines)', 'export {};\n' + 'f();\n'.repeat(401)],
  'src/any.ts': ['typescript(no-explicit-any)', 'export type Anything = any;'],
  'src/focused.spec.ts': ['vitest(no-focused-tests)', `import { it } from 'vitest'; ${focused}('a', () => {});`],
  'src/disabled.spec.ts': ['vitest(no-disabled-tests)', `import { it } from 'vitest'; ${disabled}('a', () => {});`],
  'src/one.ts': ['import(no-cycle)', "import { two } from './two.js'; export const one = (): number => two() + 1;"],
  'src/two.ts': ['import(no-cycle)', "import { one } from './one.js'; export const two = (): number => one() + 1;"],
} as const;

/** What must stay allowed: Nest injects by the class that a constructor names, and configuration reads the environment. */
const allowed = {
  'src/app.config.ts': 'export const port = process.env.PORT;',
  'src/service.ts': 'export class Service {}',
  'src/user.ts': "import { Service } from './service.js'; export class User { constructor(readonly own: Service) {} }",
};

describe('lint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lint-'));
  let found: Map<string, string[]>;

  beforeAll(async () => {
    const texts = Object.entries(faults).map(([path, [, text]]) => [path, text] as const);
    for (const [path, text] of [...texts, ...Object.entries(allowed)]) write(path, text);
    write('tsconfig.json', JSON.stringify({ extends: join(root, 'tsconfig.base.json'), include: ['src'] }));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    found = await lint(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.entries(faults))('sees the fault in %s', (path, [rule]) => {
    expect(found.get(path)).toContain(rule);
  });

  it.each(Object.keys(allowed))('leaves %s alone', (path) => {
    expect(found.get(path)).toBeUndefined();
  });

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});

/** The rules broken in each file. */
async function lint(folder: string): Promise<Map<string, string[]>> {
  const command = join(root, 'node_modules/oxlint/bin/oxlint');
  const args = [command, '-c', join(root, '.oxlintrc.json'), '--format', 'json', 'src'];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (_, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string; filename: string }[] };
  const paths = new Set(diagnostics.map(({ filename }) => filename));
  return new Map(
    [...paths].map((path) => [path, diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code)]),
  );
}
