import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceTree } from './source-tree.js';

/** One import (static, dynamic, re-export or of types only) of one file. */
export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** The file that a relative import names, from the root of the workspace. */
  readonly target: string | undefined;
  /** The package that a bare import names, `node:` for Node's own modules. */
  readonly packageName: string | undefined;
}

export function importsOf(tree: SourceTree): Import[] {
  return [...tree]
    .filter(([path]) => !path.endsWith('.json'))
    .flatMap(([from, text]) =>
      ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => readImport(from, fileName)),
    );
}

function readImport(from: string, specifier: string): Import {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
    return { from, specifier, target, packageName: undefined };
  }
  return { from, specifier, target: undefined, packageName: packageOf(specifier) };
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return 'node:';
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
