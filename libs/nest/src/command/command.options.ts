/** Bounds of commands, resolved. */
export interface CommandOptions {
  /**
   * How long a command may take from its arrival to COMMIT, in ms, unless `@Command()` says otherwise. Raised: slow
   * handlers hold their connections longer. Lowered: more of them are rolled back. @defaultValue 10000
   */
  readonly deadlineMs: number;
}

export const defaultCommandOptions: CommandOptions = { deadlineMs: 10_000 };
