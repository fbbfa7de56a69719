import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The script behind a command of an installed package. It is run with `process.execPath`, never by its shebang:
 * a shebang takes `node` from PATH, which is another version when the suite runs on Node 24 through npm.
 */
export function scriptOf(packageName, command = packageName) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

/** Every file of this name in the folders of PATH, in their order. */
export function inPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).filter((file) => existsSync(file));
}

export const isRoot = process.getuid?.() === 0;

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
