import { run } from '../process/run.mjs';
import { scriptOf } from '../process/workspace.mjs';

const commands = {
  types: () => [scriptOf('typescript', 'tsc'), '--noEmit', '-p', 'tsconfig.json'],
  lint: () => [scriptOf('oxlint'), '--type-aware', '--deny-warnings'],
  format: () => [scriptOf('prettier'), '--check', '--log-level', 'warn', '.'],
};

/** A check that is no test: it counts only when it fails. */
export async function commandStep(name, options) {
  const { ok, why } = await run(process.execPath, commands[name](), options);
  return { passed: 0, failed: ok ? 0 : 1, skipped: 0, problems: ok ? [] : [`${name}: ${why}`] };
}
