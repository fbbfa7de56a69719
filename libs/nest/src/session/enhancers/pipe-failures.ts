/** How one pipe refused. */
export interface PipeFailure {
  /** What the validator found, where the exception says no more than that. */
  readonly errors?: readonly unknown[];
}

/** By the exception of the pipe, which stays as the application made it. */
const failures = new WeakMap<object, PipeFailure>();

/** The first pipe that an error comes by is the one that it came out of. */
export function rememberPipeFailure(exception: unknown, failure: PipeFailure): void {
  if (typeof exception === 'object' && exception !== null && !failures.has(exception)) {
    failures.set(exception, failure);
  }
}

/** How a pipe refused with this exception; `undefined` when it is not one of a pipe. */
export function pipeFailureOf(exception: unknown): PipeFailure | undefined {
  return typeof exception === 'object' && exception !== null ? failures.get(exception) : undefined;
}
