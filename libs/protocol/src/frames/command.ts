/** Client → server, `command`. `id` is chosen by the client and stays the same over retries. @publicApi */
export interface CommandFrame {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
}

/** What a command came to. @publicApi */
export interface CommandAnswer {
  readonly result?: unknown;
  /** The durable events that the command staged. */
  readonly events?: readonly { readonly channel: string; readonly id: string }[];
}
