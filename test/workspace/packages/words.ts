import ts from 'typescript';
import { exportsOf } from './exports.js';

/** What our callers can catch. */
const CODED = /^(?:BootError|CodedError|RealtimeError|TypeError|RangeError)$/;

/** What a user fills in. */
const OPTIONS = /(?:Options|Key|Source)$/;

/**
 * What an exported declaration does not say: a property without words, a number without its default, or with another
 * one than the code has, an error that is thrown and not named. Read from the sources, since declarations neither have
 * defaults nor bodies. Of errors it sees those that the body throws itself, and those that what it calls declares.
 */
export function wordFaults(program: ts.Program, file: string): string[] {
  const checker = program.getTypeChecker();
  return exportsOf(program, file)
    .flatMap((symbol) => (symbol.declarations ?? []).map((declaration) => ({ symbol, declaration })))
    .flatMap(({ symbol, declaration }) =>
      [...optionFaults(checker, declaration), ...throwFaults(checker, declaration)].map(
        (fault) => `${symbol.name}: ${fault}`,
      ),
    );
}

function optionFaults(checker: ts.TypeChecker, declaration: ts.Declaration): string[] {
  if (!ts.isInterfaceDeclaration(declaration) && !ts.isTypeAliasDeclaration(declaration)) return [];
  const isOptions = OPTIONS.test(declaration.name.text);
  // The members of other unions are told apart by a word of theirs, and what they mean stands above the union.
  if (!isOptions && !ts.isInterfaceDeclaration(declaration)) return [];
  const defaults = defaultsIn(declaration.getSourceFile());
  return propertiesOf(declaration).flatMap((property) => {
    const name = property.name.getText();
    if (ts.getJSDocCommentsAndTags(property).length === 0) return [`${name} has no words`];
    const value = defaults.get(name);
    const known = tag(property, 'defaultValue');
    const isNumber = (checker.getTypeAtLocation(property).getNonNullableType().flags & ts.TypeFlags.NumberLike) !== 0;
    if (known === undefined) {
      return isOptions && isNumber && (value !== undefined || property.questionToken) ? [`${name} has no default`] : [];
    }
    const said = /^\d+/.exec(known)?.[0];
    return value === undefined || said === undefined || Number(said) === value
      ? []
      : [`${name} is ${value} and not ${said}`];
  });
}

function propertiesOf(declaration: ts.Declaration): ts.PropertySignature[] {
  const found: ts.PropertySignature[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isPropertySignature(node)) found.push(node);
    else if (!ts.isFunctionLike(node)) ts.forEachChild(node, look);
  };
  ts.forEachChild(declaration, look);
  return found;
}

/** The numbers in the objects of defaults that stand in the same file. */
function defaultsIn(source: ts.SourceFile): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  const look = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && /^default/i.test(node.name.getText()) && node.initializer) {
      const object = ts.isAsExpression(node.initializer) ? node.initializer.expression : node.initializer;
      for (const property of ts.isObjectLiteralExpression(object) ? object.properties : []) {
        if (ts.isPropertyAssignment(property)) values.set(property.name.getText(), product(property.initializer));
      }
    } else if (!ts.isFunctionLike(node)) ts.forEachChild(node, look);
  };
  look(source);
  return new Map([...values].filter(([, value]) => !Number.isNaN(value)));
}

/** `7 * 86_400_000`; anything else is no number. */
function product(node: ts.Expression): number {
  if (ts.isNumericLiteral(node)) return Number(node.text.replaceAll('_', ''));
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskToken)
    return product(node.left) * product(node.right);
  return Number.NaN;
}

function throwFaults(checker: ts.TypeChecker, declaration: ts.Declaration): string[] {
  if (ts.isFunctionDeclaration(declaration)) return undeclared(checker, declaration, '');
  if (!ts.isClassDeclaration(declaration)) return [];
  return declaration.members
    .filter((member) => ts.isMethodDeclaration(member))
    .filter((member) => !ts.isPrivateIdentifier(member.name) && tag(member, 'internal') === undefined)
    .filter((member) => !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private))
    .flatMap((member) => undeclared(checker, member, `${member.name.getText()}() `));
}

function undeclared(
  checker: ts.TypeChecker,
  node: ts.FunctionDeclaration | ts.MethodDeclaration,
  name: string,
): string[] {
  const thrown = node.body ? thrownIn(checker, node.body) : [];
  if (thrown.length === 0) return [];
  // The words stand on the overloads, which the body has none of.
  const symbol = node.name && checker.getSymbolAtLocation(node.name);
  const said = (symbol?.declarations ?? [node]).flatMap((one) => tag(one, 'throws') ?? []).join(' ');
  return said === '' ? [`${name}throws ${[...new Set(thrown)].join(', ')} and does not say so`] : [];
}

/** Not what functions inside throw, which run later, and not what is caught. */
function thrownIn(checker: ts.TypeChecker, body: ts.Node): string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isTryStatement(node) && node.catchClause) {
      look(node.catchClause);
      return;
    }
    if (ts.isThrowStatement(node) && ts.isNewExpression(node.expression)) {
      const name = node.expression.expression.getText();
      if (CODED.test(name)) found.push(name);
    }
    if (ts.isCallExpression(node)) {
      const called = checker.getResolvedSignature(node)?.declaration;
      const isOurs = called !== undefined && !/\/node_modules\//.test(called.getSourceFile().fileName);
      const said = isOurs ? tag(called, 'throws') : undefined;
      if (said !== undefined) found.push(CODED.exec(said.split(' ')[0] ?? '')?.[0] ?? 'an error');
    }
    ts.forEachChild(node, look);
  };
  look(body);
  return found;
}

function tag(node: ts.Node, name: string): string | undefined {
  const found = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === name);
  return found && (ts.getTextOfJSDocComment(found.comment) ?? '');
}
