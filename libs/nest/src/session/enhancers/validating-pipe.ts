import { isDeepStrictEqual } from 'node:util';
import { StandardSchemaValidationPipe, ValidationPipe, type PipeTransform } from '@nestjs/common';
import { isHttpException } from './deliberate.js';
import { rememberPipeFailure } from './pipe-failures.js';

type ExceptionFactory = (errors: readonly unknown[]) => unknown;

/** A validation pipe of Nest's, as far as it is used here. */
interface ValidatingPipe extends PipeTransform {
  readonly exceptionFactory: ExceptionFactory;
  /** Of `disableErrorMessages`. */
  readonly isDetailedOutputDisabled?: boolean;
}

/**
 * The pipe itself, or one that stands in for it here and behaves the same, and that keeps what the validator found
 * beside the exception. Nest's own exceptions carry texts, out of which nobody can tell a field for certain. The pipe
 * of the application is not touched: for HTTP it is as it was.
 */
export function keepingErrors(pipe: PipeTransform): PipeTransform {
  if (!isValidating(pipe) || hasPrivateParts(pipe)) return pipe;
  const exceptionFactory: ExceptionFactory = async (errors) => {
    const exception = await pipe.exceptionFactory.call(pipe, errors);
    if (saysWhatNestSays(pipe, exception, errors)) {
      rememberPipeFailure(exception, { errors: pipe.isDetailedOutputDisabled ? [] : errors });
    }
    return exception;
  };
  const isAsync = pipe instanceof ValidationPipe;
  // The one for schemas does not wait for its factory.
  const factory = isAsync ? exceptionFactory : keptAtOnce(pipe);
  return Object.create(pipe, { exceptionFactory: { value: factory, writable: true } }) as PipeTransform;
}

function keptAtOnce(pipe: ValidatingPipe): ExceptionFactory {
  return (errors) => {
    const exception = pipe.exceptionFactory.call(pipe, errors);
    if (saysWhatNestSays(pipe, exception, errors)) rememberPipeFailure(exception, { errors });
    return exception;
  };
}

function isValidating(pipe: PipeTransform): pipe is ValidatingPipe {
  if (!(pipe instanceof ValidationPipe || pipe instanceof StandardSchemaValidationPipe)) return false;
  return typeof (pipe as unknown as Partial<ValidatingPipe>).exceptionFactory === 'function';
}

/** An object that stands in for another has none of its `#private` fields, and its methods would throw. */
function hasPrivateParts(pipe: object): boolean {
  for (let type = Object.getPrototypeOf(pipe) as object | null; type; type = Object.getPrototypeOf(type) as object) {
    if (type === ValidationPipe.prototype || type === StandardSchemaValidationPipe.prototype) return false;
    if (/#[\p{ID_Start}$_]|ClassPrivate|WeakMap|WeakSet/u.test(String(type.constructor))) return true;
  }
  return false;
}

/** An application whose factory says something else means that to be the answer. */
function saysWhatNestSays(pipe: ValidatingPipe, exception: unknown, errors: readonly unknown[]): boolean {
  if (!isHttpException(exception)) return false;
  const own = ownException(pipe, errors);
  const response: unknown = exception.getResponse();
  if (isHttpException(own)) return isDeepStrictEqual(response, own.getResponse());
  return isDeepStrictEqual((response as { readonly message?: unknown } | null)?.message, own);
}

/** What Nest would make of these errors with the options of this pipe: an exception, or its texts. */
function ownException(pipe: ValidatingPipe, errors: readonly unknown[]): unknown {
  if (pipe instanceof ValidationPipe) {
    const stock = Object.create(ValidationPipe.prototype, Object.getOwnPropertyDescriptors(pipe)) as ValidationPipe;
    return stock.createExceptionFactory()(errors as never);
  }
  const stock = Object.create(
    StandardSchemaValidationPipe.prototype,
    Object.getOwnPropertyDescriptors(pipe),
  ) as unknown as { formatIssueMessages(issues: readonly unknown[]): unknown };
  return stock.formatIssueMessages(errors);
}
