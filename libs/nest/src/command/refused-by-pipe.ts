import type { FieldError } from '@millrace/protocol';
import { isHttpException } from '../session/enhancers/deliberate.js';
import { pipeFailureOf } from '../session/enhancers/pipe-failures.js';
import { fieldErrors, issueError, isSchemaIssue, isValidatorError } from './field-errors.js';
import { validationFailed } from './validation-failed.js';

/**
 * A refusal by a validating pipe of the application, a global `ValidationPipe` for example, which comes before the
 * command's own. Fields are named where the exception has them, or where it is Nest's own, whose errors were kept. From
 * texts alone no field is told: "price must be a number" may be about any of them. An exception that the application
 * makes of the errors itself, without handing them on, stays what it is.
 */
export function refusedByPipe(error: unknown): unknown {
  const failure = pipeFailureOf(error);
  if (!failure) return error;
  const details = detailsOf(failure.errors) ?? detailsOf(errorsIn(error)) ?? textsIn(error);
  return details ? validationFailed(details, error) : error;
}

/** Where applications put what the validator found: the thrown thing itself, `errors`, or the response. */
function errorsIn(error: unknown): unknown {
  if (Array.isArray(error)) return error;
  const { errors } = Object(error) as { readonly errors?: unknown };
  if (Array.isArray(errors)) return errors;
  const response: unknown = isHttpException(error) ? error.getResponse() : undefined;
  if (Array.isArray(response)) return response;
  const inner = Object(response) as { readonly message?: unknown; readonly errors?: unknown };
  return [inner.errors, inner.message].find((value) => Array.isArray(value) && value.every(isValidatorError));
}

function detailsOf(errors: unknown): FieldError[] | undefined {
  if (!Array.isArray(errors)) return undefined;
  if (errors.every(isValidatorError)) return errors.flatMap((error) => fieldErrors(error));
  return errors.every(isSchemaIssue) ? errors.map(issueError) : undefined;
}

/** The texts that Nest's own pipes make when nothing else is left of the errors. */
function textsIn(error: unknown): FieldError[] | undefined {
  if (!isHttpException(error)) return undefined;
  const { message } = Object(error.getResponse()) as { readonly message?: unknown };
  if (!Array.isArray(message) || !message.every((text) => typeof text === 'string')) return undefined;
  return message.map((text, index) => ({ field: '', rules: { [String(index)]: text } }));
}
