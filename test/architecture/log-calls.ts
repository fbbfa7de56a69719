import ts from 'typescript';
import type { SourceTree } from './source-tree.js';

const LEVELS = new Set(['log', 'warn', 'error', 'fatal', 'debug', 'verbose']);
/** The places that give a logger a stack, and everything that it prints. */
const DOORS = new Set(['libs/nest/src/core/log-error.ts', 'libs/nest/src/core/log/line-logger.ts']);

/**
 * Calls of a logger with anything but one text, as lines to print. What JSON loggers make of an error in an object, or
 * behind the text, is `{}`; `logError` is for errors. And loggers that print text as it is: names and messages may be a
 * client's, so that every logger is a `LineLogger`.
 */
export function logFaults(tree: SourceTree): string[] {
  return [...tree].flatMap(([path, text]) => {
    const isOurs =
      path.startsWith('libs/nest/src/') && !path.endsWith('.spec.ts') && !DOORS.has(path) && /logger/i.test(text);
    return isOurs ? faultsIn(path, text) : [];
  });
}

function faultsIn(path: string, text: string): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const faults: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isPlainLogger(node) || (ts.isCallExpression(node) && isLogCall(node) && !isOneText(node.arguments))) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      faults.push(`${path}:${line + 1}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

function isLogCall({ expression }: ts.CallExpression): boolean {
  if (!ts.isPropertyAccessExpression(expression) || !LEVELS.has(expression.name.text)) return false;
  return /logger/i.test(expression.expression.getText());
}

const isPlainLogger = (node: ts.Node): boolean =>
  ts.isNewExpression(node) && /^(?:Console)?Logger$/.test(node.expression.getText());

const isOneText = (args: readonly ts.Expression[]): boolean => args.length === 1 && args.every(isText);

function isText(node: ts.Expression): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
  if (ts.isParenthesizedExpression(node)) return isText(node.expression);
  if (ts.isConditionalExpression(node)) return isText(node.whenTrue) && isText(node.whenFalse);
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken && isText(node.left);
}
