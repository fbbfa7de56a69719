import type { FieldError } from '@millrace/protocol';

/** What class-validator says of one property, as far as it is used; anything else may be in it too. */
export interface ValidatorError {
  readonly property?: unknown;
  readonly constraints?: Readonly<Record<string, unknown>>;
  readonly children?: readonly ValidatorError[];
}

/** An issue of a Standard Schema. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
}

/** One entry for each property with broken rules. An error about the whole object has no property. */
export function fieldErrors({ property, constraints, children }: ValidatorError, path = ''): FieldError[] {
  const field = [path, typeof property === 'string' ? property : ''].filter((step) => step !== '').join('.');
  const own = constraints ? [{ field, rules: textsOf(constraints) }] : [];
  return [...own, ...(children ?? []).flatMap((child) => fieldErrors(child, field))];
}

/** A message of the application may be a function, and what that returns anything. */
const textsOf = (constraints: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(constraints).map(([rule, text]) => [rule, String(text)]));

export function issueError({ message, path = [] }: SchemaIssue): FieldError {
  const steps = path.map((step) =>
    String(typeof step === 'object' && step !== null && 'key' in step ? step.key : step),
  );
  return { field: steps.join('.'), rules: { schema: message } };
}

export function isValidatorError(value: unknown): value is ValidatorError {
  const { property, constraints, children } = Object(value) as Readonly<Record<string, unknown>>;
  if (property !== undefined && typeof property !== 'string') return false;
  const hasRules = typeof constraints === 'object' && constraints !== null;
  return hasRules || (typeof property === 'string' && Array.isArray(children) && children.every(isValidatorError));
}

export function isSchemaIssue(value: unknown): value is SchemaIssue {
  const { message, path } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof message === 'string' && (path === undefined || Array.isArray(path));
}
