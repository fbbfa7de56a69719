import ts from 'typescript';
import type { SourceTree } from './source-tree.js';

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']);
const LISTENS = new Set(['on', 'once', 'onAny', 'addListener', 'prependListener']);
/** It runs a callback of the application's own driver call, as the driver would. */
const OF_THE_APPLICATION: readonly string[] = ['libs/nest/src/stream/pg/pg-handle.ts'];

/**
 * Timers and listeners in the server library whose callback is not under `safely`: what is thrown there has nobody to
 * catch it and ends the process. Timers of the clock and ticks are under it already.
 */
export function unguardedCallbacks(tree: SourceTree): string[] {
  return [...tree].flatMap(([path, text]) => {
    const isOurs = path.startsWith('libs/nest/src/') && path.endsWith('.ts') && !path.endsWith('.spec.ts');
    if (!isOurs || path.includes('/testing/') || OF_THE_APPLICATION.includes(path)) return [];
    return faultsIn(path, text);
  });
}

/** Most files have none, and parsing all of them takes seconds. */
const MENTIONS =
  /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)\b|\.(?:on|once|onAny|addListener|prependListener)\(/;

function faultsIn(path: string, text: string): string[] {
  if (!MENTIONS.test(text)) return [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const guarded = guardedNames(file);
  const faults: string[] = [];
  const visit = (node: ts.Node): void => {
    const callback = ts.isCallExpression(node) ? callbackOf(node) : undefined;
    if (callback && !isHarmless(callback, guarded)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      faults.push(`${path}:${line + 1}: ${callback.getText().slice(0, 80)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

/** What a timer or an emitter will call, if it is one that is called here. */
function callbackOf({ expression, arguments: given }: ts.CallExpression): ts.Expression | undefined {
  if (ts.isIdentifier(expression)) return TIMERS.has(expression.text) ? given[0] : undefined;
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const { name } = expression;
  if (name.text === 'nextTick' && expression.expression.getText() === 'process') return given[0];
  if (!LISTENS.has(name.text)) return undefined;
  return name.text === 'onAny' ? given[0] : given[1];
}

function isHarmless(callback: ts.Expression, guarded: ReadonlySet<string>): boolean {
  if (ts.isIdentifier(callback)) return guarded.has(callback.text);
  if (isGuard(callback)) return true;
  return doesNothing(callback);
}

const isGuard = (node: ts.Node): boolean =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'safely';

/** An empty function, one that only listens with such functions, or one that only resolves a promise. */
function doesNothing(callback: ts.Expression): boolean {
  if (ts.isPropertyAccessExpression(callback)) return callback.getText() === 'this.#onError';
  if (!ts.isArrowFunction(callback)) return false;
  if (ts.isBlock(callback.body)) return callback.body.statements.length === 0;
  const only = ts.isVoidExpression(callback.body) ? callback.body.expression : callback.body;
  if (!ts.isCallExpression(only)) return false;
  const inner = callbackOf(only);
  return inner ? doesNothing(inner) : ts.isIdentifier(only.expression) && only.expression.text === 'resolve';
}

/** Names that are declared in the file as `const name = safely(…)`. */
function guardedNames(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer && isGuard(node.initializer)) names.add(node.name.getText());
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}
