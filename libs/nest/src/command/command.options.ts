/**
 * Bounds of commands, resolved.
 *
 * @publicApi
 */
export interface CommandOptions {
  /**
   * How long a command may take from its arrival to COMMIT, in ms, unless `@Command()` says otherwise. Raised: slow
   * handlers hold their connections longer. Lowered: more of them are rolled back. One second later the server ends a
   * statement that still runs, and a transaction in which nothing runs; not with `fromKysely` and not on PGlite.
   * @defaultValue 10000
   */
  readonly deadlineMs: number;
  /**
   * How long an answer waits past its deadline for the end of the transaction, in ms: for the roll-back behind a
   * statement that still runs, or for a COMMIT that was on its way. After that the client is answered anyway; its
   * `outcome` is `unknown` if COMMIT was on its way. @defaultValue 5000
   */
  readonly endTimeoutMs: number;
  /**
   * Commands of all sessions of this node that wait for their answer; the next one gets `BUSY`, and the SDK sends it
   * again. One client alone may have half of them. Raised: in an overload more of them wait for a connection of the database until their deadline. Lowered:
   * short bursts are sent twice. @defaultValue 1000
   */
  readonly maxInFlight: number;
  /**
   * With `transactions` of your ORM: how many of them commands have open at once. Those that are too many wait, the
   * clients in turn, one alone with half of them at most. Keep it below the size of the ORM's pool. Raised above that:
   * one client's slow commands take all of its connections. Lowered: commands wait while connections are idle.
   * @defaultValue 8
   */
  readonly maxTransactions: number;
}

export const defaultCommandOptions: CommandOptions = {
  deadlineMs: 10_000,
  endTimeoutMs: 5_000,
  maxInFlight: 1_000,
  maxTransactions: 8,
};
