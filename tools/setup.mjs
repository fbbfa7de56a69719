// node tools/setup.mjs [--build]: installs what the lockfile asks for when it is not there, and builds what is stale.
// Runs before npm start, test and check, so it uses nothing but Node. Quick when there is nothing to do.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { interruption } from './process/interrupt.mjs';
import { run } from './process/run.mjs';
import { root, scriptOf } from './process/workspace.mjs';
import { exclusively } from './setup/exclusive.mjs';
import { isInstalled } from './setup/install-state.mjs';
import { nodeVersionFault } from './setup/node-version.mjs';
import { pageIsStale } from './setup/page.mjs';

const timeoutMs = 15 * 60_000;
const signal = interruption();

try {
  const fault = nodeVersionFault(process.versions.node, json('package.json').engines.node);
  if (fault) throw new Error(fault);
  await exclusively(root, setUp);
} catch (error) {
  console.error(`Set-up failed: ${error.message}`);
  process.exitCode ||= 1;
}

async function setUp() {
  if (!isInstalled(json('package-lock.json'), json('node_modules/.package-lock.json'))) await install();
  if (process.argv.includes('--build')) await build();
}

async function install() {
  console.log('Installing the packages of package-lock.json');
  // Dev dependencies also where NODE_ENV=production: the compiler is one.
  const args = ['ci', '--include=dev', '--no-fund', '--no-audit'];
  const npm = process.env.npm_execpath;
  if (npm && /npm-cli\.c?js$/.test(npm)) await must(process.execPath, [npm, ...args]);
  else await must('npm', args);
}

async function build() {
  if (!existsSync(join(root, 'dist/main.js'))) console.log('Building, for the first time: this takes a minute');
  await must(process.execPath, [scriptOf('typescript', 'tsc'), '-b', 'tsconfig.build.json']);
  if (!pageIsStale(root)) return;
  await must(process.execPath, [scriptOf('vite'), 'build', 'src/page', '--logLevel', 'warn']);
}

async function must(command, args) {
  const { ok, why } = await run(command, args, { timeoutMs, signal });
  if (!ok) throw new Error(`${args.join(' ')}: ${why}`);
}

function json(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
