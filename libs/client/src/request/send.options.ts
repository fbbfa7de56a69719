/** How long one request may take. @publicApi */
export interface SendOptions {
  /**
   * How long the answer may take once the request was sent, in ms. Then it fails with `DEADLINE_EXCEEDED`, outcome
   * `unknown`. Keep it above the server's own deadline, which knows the outcome. @defaultValue 30000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long the request may wait for a connection, in ms; 0 = not at all. Then it fails with `COMMAND_EXPIRED`,
   * outcome `not-applied`. @defaultValue 30000
   */
  readonly expiresAfterMs?: number | undefined;
  /** Stops waiting; the promise rejects with its reason. A command that was sent already is not undone by it. */
  readonly signal?: AbortSignal | undefined;
}
