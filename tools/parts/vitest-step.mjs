import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../process/run.mjs';
import { scriptOf } from '../process/workspace.mjs';

/** Runs one vitest project and counts its tests from vitest's own report. */
export async function vitestStep(project, options) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-report-'));
  const report = join(folder, 'report.json');
  try {
    const args = ['run', '--project', project, '--reporter', 'default', '--reporter', 'json'];
    const exit = await run(process.execPath, [scriptOf('vitest'), ...args, `--outputFile.json=${report}`], options);
    return withExit(project, countTests(project, readReport(report)), exit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {object} [report] vitest's JSON report, missing when it ended too early to write one
 * @returns {{ passed: number, failed: number, skipped: number, problems: string[] }}
 */
export function countTests(project, report) {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failedTests = tests.filter(({ status }) => status === 'failed').length;
  // A file that could not be loaded, or whose hook failed, is a failure even when no test of it is one.
  const brokenFiles = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length;
  const failed = failedTests + brokenFiles;
  const problems = [];
  if (failed > 0) problems.push(`${project}: ${failed} failed`);
  if (passed + failed === 0) problems.push(`${project}: ${report ? 'no test ran' : 'no report'}`);
  return { passed, failed, skipped: tests.length - passed - failedTests, problems };
}

/** Vitest also fails without a failed test: an unhandled rejection, a timeout from outside, no test at all. */
export function withExit(project, counts, { ok, why }) {
  const problems = [...counts.problems];
  if (!ok && counts.failed === 0) problems.push(`${project}: ${why}`);
  return { ...counts, failed: problems.length > 0 ? Math.max(counts.failed, 1) : 0, problems };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
