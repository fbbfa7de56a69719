import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Built {
  readonly types: string;
  readonly default: string;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, Built | { readonly require: Built; readonly default: Built }>>;
}

/** What can be imported from one of the packages. */
export interface Entry {
  /** `@millrace/nest/kysely` */
  readonly specifier: string;
  /** Folder of the package. */
  readonly folder: string;
  /** Its declarations. */
  readonly types: string;
  /** What they are made of. */
  readonly source: string;
  /** Its report, which is committed. */
  readonly report: string;
  /** Whether there is a build that CommonJS can load without help. */
  readonly hasCommonJs: boolean;
}

export const libraries = ['protocol', 'client', 'nest'].map((name) => join(root, 'libs', name));

/** Every entry of every package, as its manifest has it. */
export const entries: readonly Entry[] = libraries.flatMap((folder) => {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return Object.entries(manifest.exports).map(([path, built]) => {
    const { types } = 'require' in built ? built.default : built;
    return {
      specifier: manifest.name + path.slice(1),
      folder,
      types: join(folder, types),
      source: join(folder, types.replace('/dist/', '/src/').replace(/\.d\.ts$/, '.ts')),
      report: join(folder, 'api', `${path === '.' ? 'index' : path.slice(2)}.api.md`),
      hasCommonJs: 'require' in built,
    };
  });
});
