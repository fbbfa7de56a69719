import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { entries } from '../packages/entries.js';
import type { Application } from './application.js';
import { root } from './readme.js';

const specifiers = entries.map(({ specifier }) => specifier);

/** What some entries need, and the quick start does not install. */
export function optionalPeers({ folder }: Application): string[] {
  const manifest = readFileSync(join(folder, 'node_modules/@millrace/nest/package.json'), 'utf8');
  const { peerDependenciesMeta } = JSON.parse(manifest) as { peerDependenciesMeta: object };
  return Object.keys(peerDependenciesMeta).filter((name) => !existsSync(join(folder, 'node_modules', name)));
}

/** Those of this workspace, for the application. */
export function linkOptionalPeers(application: Application): void {
  for (const name of optionalPeers(application)) {
    const ours = join(root, 'node_modules', name);
    const link = join(application.folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    if (existsSync(ours)) symlinkSync(ours, link);
  }
}

/** Every entry, loaded by CommonJS: Node refuses that where a module of the graph has a top-level `await`. */
export const requireAll = `
for (const name of ${JSON.stringify(specifiers)}) {
  if (Object.keys(require(name)).length === 0) throw new Error(name + ' exports nothing');
}`;

/**
 * What the compiler finds in our declarations where only what the quick start installs is there, and `skipLibCheck` is
 * off. It looks at our files alone: `tsc` would read those of everybody else too, and take five times as long.
 */
export function typeErrors(application: Application): string[] {
  const { folder } = application;
  const file = join(folder, 'commonjs/all.cts');
  application.write(
    'commonjs/all.cts',
    specifiers.map((name, n) => `import entry${n} = require('${name}');`).join('\n'),
  );
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(folder, 'node_modules/@types')],
  });
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => /\/(?:node_modules\/@millrace|commonjs)\//.test(fileName));
  // The entries that take part in the transactions of a library are there for those who have it.
  const absent = new RegExp(`Cannot find module '(?:${optionalPeers(application).join('|')})['/]`);
  return ours
    .flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)])
    .map((found) => `${found.file?.fileName}: ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}`)
    .filter((message) => !absent.test(message));
}
