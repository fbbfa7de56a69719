/**
 * The application is put together wrongly. Thrown while Nest starts, never later; the message names the class or
 * option and says what to do.
 *
 * @publicApi
 */
export class BootError extends Error {
  /** Always this. */
  override readonly name = 'BootError';
}
