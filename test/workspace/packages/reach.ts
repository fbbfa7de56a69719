import ts from 'typescript';
import { declared, exportsOf } from './exports.js';

/** What the entries of the packages are, for the question of what their declarations lead to. */
export interface Surface {
  readonly program: ts.Program;
  readonly checker: ts.TypeChecker;
  /** Everything that somebody can import, from whichever entry. */
  readonly exported: ReadonlySet<ts.Symbol>;
}

export function surfaceOf(files: readonly string[]): Surface {
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const exported = new Set(files.flatMap((file) => exportsOf(program, file)));
  return { program, checker, exported };
}

/**
 * Follows every name in the declarations of an entry, through our own ones, down to those of others. A fault is a name
 * of ours that nobody can import, and a package that is not `allowed`: whoever installs us may not have its types.
 */
export function reachFaults({ program, checker, exported }: Surface, file: string, allowed: RegExp): string[] {
  const seen = new Set<ts.Symbol>();
  const faults = new Set<string>();

  const visit = (symbol: ts.Symbol): void => {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) look(declaration, symbol);
  };
  const look = (node: ts.Node, from: ts.Symbol): void => {
    if (ts.isIdentifier(node)) follow(node, from);
    ts.forEachChild(node, (child) => look(child, from));
  };
  const follow = (name: ts.Identifier, from: ts.Symbol): void => {
    const symbol = target(checker, name);
    const [declaration] = symbol?.declarations ?? [];
    if (!symbol || !declaration || seen.has(symbol)) return;
    const place = declaration.getSourceFile();
    const owner = packageOf(place.fileName);
    if (owner !== undefined) {
      if (!allowed.test(owner)) faults.add(`${from.name} leads to ${symbol.name} of ${owner}`);
    } else if (!program.isSourceFileDefaultLibrary(place) && isTopLevel(declaration)) {
      if (!exported.has(symbol) && !isPhantom(declaration))
        faults.add(`${from.name} leads to ${symbol.name}, which nobody can import`);
      visit(symbol);
    }
  };

  for (const symbol of exportsOf(program, file)) visit(symbol);
  return [...faults];
}

/** A name that is not found is no fault of ours here: the build would have failed. */
function target(checker: ts.TypeChecker, name: ts.Identifier): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(name);
  return symbol && declared(checker, symbol);
}

/** `undefined` for our own files, which lie in no `node_modules`, and for those of the language and of Node. */
function packageOf(file: string): string | undefined {
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  return name === 'typescript' || name === '@types/node' || name === 'undici-types' ? undefined : name;
}

/** `T & { '~brand': Name }` makes types that are not written down. What is branded must be exported nonetheless. */
function isPhantom(declaration: ts.Declaration): boolean {
  if (!ts.isTypeAliasDeclaration(declaration) || !ts.isIntersectionTypeNode(declaration.type)) return false;
  return declaration.type.types.some(
    (part) =>
      ts.isTypeLiteralNode(part) &&
      part.members.every(({ name }) => name && ts.isStringLiteral(name) && name.text === '~brand'),
  );
}

/** Parameters, type parameters and members belong to a declaration that was asked about already. */
function isTopLevel(declaration: ts.Declaration): boolean {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return ts.isSourceFile(statement.parent);
}
