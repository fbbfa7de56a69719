import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface QuickStart {
  /** By the path that stands in front of the block. */
  readonly files: ReadonlyMap<string, string>;
  /** The commands, one array a block, in order. */
  readonly commands: readonly (readonly string[])[];
}

/** What the section "Quick start" of the README tells its readers to write and to run. */
export function readQuickStart(text = readFileSync(join(root, 'README.md'), 'utf8')): QuickStart {
  const section = /^## Quick start\n(.*?)^## /ms.exec(text)?.[1] ?? '';
  const files = section.matchAll(/^`([\w./-]+)`[^\n]*:\n\n```(?:ts|json)\n(.*?)^```$/gms);
  const commands = section.matchAll(/^```sh\n(.*?)^```$/gms);
  return {
    files: new Map(Array.from(files, ([, path = '', content = '']) => [path, content])),
    commands: Array.from(commands, ([, block = '']) => block.trim().split('\n')),
  };
}
