import { describe, expect, it } from 'vitest';
import { countTests, withExit } from './vitest-step.mjs';

const file = (status, ...tests) => ({ status, assertionResults: tests.map((test) => ({ status: test })) });
const outcome = (files, exit) => withExit('stores', countTests('stores', files && { testResults: files }), exit);
const good = { ok: true, why: 'exit code 0' };
const bad = { ok: false, why: 'exit code 1' };

describe('the outcome of a vitest project', () => {
  it.each([
    ['all passed', [file('passed', 'passed', 'passed')], good, { passed: 2, failed: 0, skipped: 0, problems: [] }],
    [
      'one failed, one was skipped',
      [file('failed', 'passed', 'failed', 'skipped')],
      bad,
      { passed: 1, failed: 1, skipped: 1, problems: ['stores: 1 failed'] },
    ],
    [
      'a file did not load',
      [file('passed', 'passed'), file('failed')],
      bad,
      { passed: 1, failed: 1, skipped: 0, problems: ['stores: 1 failed'] },
    ],
    [
      'a rejection nobody handled',
      [file('passed', 'passed')],
      bad,
      { passed: 1, failed: 1, skipped: 0, problems: ['stores: exit code 1'] },
    ],
    ['no test', [], good, { passed: 0, failed: 1, skipped: 0, problems: ['stores: no test ran'] }],
    ['only skipped tests', [file('passed', 'skipped')], good, { failed: 1, problems: ['stores: no test ran'] }],
    [
      'no report',
      undefined,
      { ok: false, why: 'not done after 60 s' },
      { passed: 0, failed: 1, problems: ['stores: no report', 'stores: not done after 60 s'] },
    ],
    ['no report and yet no failure', undefined, good, { failed: 1, problems: ['stores: no report'] }],
  ])('when %s', (_case, files, exit, expected) => {
    expect(outcome(files, exit)).toMatchObject(expected);
  });
});
