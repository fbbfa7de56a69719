import { seconds } from '../process/workspace.mjs';
import { commandStep } from './command-step.mjs';
import { vitestStep } from './vitest-step.mjs';

/**
 * Runs the parts one after another, all of them even when one fails, and prints the outcome. The last line is
 * `N passed, N failed` alone; what fails without being a test (types, a timeout) counts as one failure.
 *
 * @param {typeof import('./parts.mjs').parts} parts
 * @param {{ env: NodeJS.ProcessEnv, signal: AbortSignal }} options
 * @returns {Promise<boolean>} whether everything passed
 */
export async function runParts(parts, { env, signal }) {
  const results = [];
  for (const part of parts) results.push(await runPart(part, { env, signal }));
  const all = (field) => results.reduce((sum, result) => sum + result[field], 0);

  console.log('');
  for (const { name, tookMs, passed, problems } of results) {
    console.log(`${name.padEnd(10)} ${seconds(tookMs).padStart(8)}  ${problems.join('; ') || `${passed} passed`}`);
  }
  const skipped = all('skipped');
  console.log(`${all('passed')} passed, ${all('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`);
  return results.every(({ problems }) => problems.length === 0);
}

async function runPart({ name, steps, timeoutMs }, { env, signal }) {
  const startedAt = Date.now();
  const result = { name, passed: 0, failed: 0, skipped: 0, problems: [] };
  for (const together of steps.map((step) => [step].flat())) {
    const left = Math.max(timeoutMs - (Date.now() - startedAt), 1_000);
    const outcomes = together.map((step) => namedStep(`${name}: ${step}`, step, { env, signal, timeoutMs: left }));
    for (const { passed, failed, skipped, problems } of await Promise.all(outcomes)) {
      result.passed += passed;
      result.failed += failed;
      result.skipped += skipped;
      result.problems.push(...problems);
    }
  }
  return { ...result, tookMs: Date.now() - startedAt };
}

async function namedStep(title, step, options) {
  const startedAt = Date.now();
  console.log(`\n── ${title}`);
  const outcome = await runStep(step, options);
  console.log(`── ${title}: ${outcome.problems.join('; ') || 'ok'} (${seconds(Date.now() - startedAt)})`);
  return outcome;
}

const runStep = (step, options) =>
  step.startsWith('vitest:') ? vitestStep(step.slice('vitest:'.length), options) : commandStep(step, options);
