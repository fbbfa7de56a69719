import ts from 'typescript';

/** What a module exports, down to where it is declared. */
export function exportsOf(program: ts.Program, file: string): readonly ts.Symbol[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} is no module: is it built?`);
  return checker.getExportsOfModule(module).map((symbol) => declared(checker, symbol));
}

/** What a name stands for that was imported or passed on. */
export const declared = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
