import { CodedError } from '../../core/coded-error.js';

/** The error that `promise` will reject with. Listens at once, so that a test may look at it later. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('It did not fail');
    },
    (error: unknown) => error,
  );
}

/** The coded error in it: an ORM puts what it meets into an error of its own. */
export function codedIn(failure: unknown): unknown {
  let inner = failure;
  while (inner instanceof Error && !(inner instanceof CodedError) && inner.cause !== undefined) inner = inner.cause;
  return inner;
}
