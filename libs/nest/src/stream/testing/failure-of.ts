/** The error that `promise` will reject with. Listens at once, so that a test may look at it later. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('It did not fail');
    },
    (error: unknown) => error,
  );
}
