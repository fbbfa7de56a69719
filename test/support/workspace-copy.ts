import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const leftOut = new Set(['node_modules', 'dist', '.git', '.data']);

/** A copy of the workspace with nothing built, on the installed packages: its builds disturb nobody. */
export function copyWorkspace(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-workspace-'));
  cpSync(root, folder, { recursive: true, filter: (source) => !leftOut.has(basename(source)) });
  linkPackages(folder);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Our own packages must be those of the copy, so node_modules cannot be one link to the original. */
function linkPackages(folder: string): void {
  mkdirSync(join(folder, 'node_modules/@millrace'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@millrace') symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const name of readdirSync(join(folder, 'libs'))) {
    symlinkSync(join(folder, 'libs', name), join(folder, 'node_modules/@millrace', name));
  }
}
