/** By its form: a promise of a frame, a test runner's sandbox or a library is no `instanceof Promise` here. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
