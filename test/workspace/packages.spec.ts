import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiReport } from './packages/api-report.js';
import { entries, libraries } from './packages/entries.js';

describe.each(entries)('$specifier', (entry) => {
  let report: string;
  beforeAll(() => {
    report = apiReport(entry);
  }, 60_000);

  // After a wanted change of the surface: npm run build && npx vitest run --project workspace test/workspace/packages -u
  it('exports what its report says', async () => {
    await expect(report).toMatchFileSnapshot(entry.report);
  });

  it('has words for everything', () => {
    const lines = report.split('\n');
    const silent = lines.flatMap((line, index) => (line.includes('(undocumented)') ? [lines[index + 1]] : []));
    expect(silent).toEqual([]);
  });
});

describe.each(libraries.map((folder) => [basename(folder), folder]))('the package of %s', (name, folder) => {
  let tarballs: string;
  let tarball: string;
  beforeAll(() => {
    tarballs = mkdtempSync(join(tmpdir(), 'millrace-pack-'));
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', tarballs], {
      cwd: folder,
      encoding: 'utf8',
    });
    const [{ filename = '' } = {}] = JSON.parse(packed) as { filename?: string }[];
    tarball = join(tarballs, filename);
  }, 60_000);
  afterAll(() => rmSync(tarballs, { recursive: true }));

  it('has a manifest that leads where it says', async () => {
    const { messages, pkg } = await publint({ pkgDir: folder, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('has types that fit what is run', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
    expect(analysis.types).toBeTruthy();
    const problems = 'problems' in analysis ? analysis.problems : [];
    const isForModulesOnly = entries.some((entry) => entry.folder === folder && !entry.hasCommonJs);
    expect(problems.filter((problem) => !isForModulesOnly || concernsModules(problem))).toEqual([]);
  });

  it('holds what is run and read, and nothing else', () => {
    const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
    const strange = listed.filter(
      (path) =>
        !/^package\/(?:package\.json|README\.md|LICENSE|cjs\/package\.json|(?:cjs\/)?dist\/.*\.(?:d\.ts|js|js\.map))$/.test(
          path,
        ),
    );
    expect(strange).toEqual([]);
    for (const needed of ['README.md', 'LICENSE', 'package.json']) expect(listed).toContain(`package/${needed}`);
    expect(name).not.toBe('');
  });
});

/** A server's package is modules only: CommonJS loads it by `require(esm)`, and no server resolves as Node 10 did. */
function concernsModules(problem: Problem): boolean {
  return problem.kind !== 'CJSResolvesToESM' && !('resolutionKind' in problem && problem.resolutionKind === 'node10');
}
