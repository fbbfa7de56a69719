import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Paths from the root of the workspace, with `/`, and what the files hold. */
export type SourceTree = ReadonlyMap<string, string>;

/** The sources and package files that the import rules speak about. */
export function readSourceTree(): SourceTree {
  const libraries = readdirSync(join(root, 'libs')).map((name) => `libs/${name}`);
  const sources = [...libraries.map((library) => `${library}/src`), 'src'].flatMap(sourcesIn);
  const packages = ['package.json', ...libraries.map((library) => `${library}/package.json`)];
  return new Map([...sources, ...packages].map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

function sourcesIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/'));
}
