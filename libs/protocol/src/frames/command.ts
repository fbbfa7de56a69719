/** Client → server, `command`. `id` is chosen by the client and stays the same over retries. @publicApi */
export interface CommandFrame {
  /** Unique over all clients. */
  readonly id: string;
  /** Of the command contract. */
  readonly name: string;
  /** The payload, which the server validates. */
  readonly data: unknown;
}

/** What a command came to. @publicApi */
export interface CommandAnswer {
  /** What the handler returned, as JSON; absent when it returned nothing. */
  readonly result?: unknown;
  /** The durable events that the command staged. */
  readonly events?: readonly { readonly channel: string; readonly id: string }[];
}
