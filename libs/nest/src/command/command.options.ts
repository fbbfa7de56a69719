/**
 * Bounds of commands, resolved.
 *
 * @publicApi
 */
export interface CommandOptions {
  /**
   * How long a command may take from its arrival to COMMIT, in ms, unless `@Command()` says otherwise. Raised: slow
   * handlers hold their connections longer. Lowered: more of them are rolled back. @defaultValue 10000
   */
  readonly deadlineMs: number;
  /**
   * How long an answer waits past its deadline for the end of the transaction, in ms: for the roll-back behind a
   * statement that still runs, or for a COMMIT that was on its way. After that the client is answered anyway; its
   * `outcome` is `unknown` if COMMIT was on its way. @defaultValue 5000
   */
  readonly endTimeoutMs: number;
}

export const defaultCommandOptions: CommandOptions = { deadlineMs: 10_000, endTimeoutMs: 5_000 };
