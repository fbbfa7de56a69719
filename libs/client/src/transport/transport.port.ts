import type { ControlFrame, EventsFrame, Handshake, LiveFrame, WireError } from '@millrace/protocol';

/** The frames that a server sends by itself. @publicApi */
export type ServerFrame =
  | { readonly name: 'events'; readonly body: EventsFrame }
  | { readonly name: 'live'; readonly body: LiveFrame }
  | { readonly name: 'control'; readonly body: ControlFrame };

/** The frames that a client sends. @publicApi */
export type ClientFrameName = 'command' | 'subscribe' | 'unsubscribe' | 'history' | 'authenticate' | 'ping';

/** Opens links to the server. The SDK brings one over socket.io-client. @publicApi */
export interface Transport {
  /**
   * Looks at the address when a client is made.
   *
   * @throws Error when no link to it can ever be opened
   */
  check?(target: Pick<LinkTarget, 'url' | 'path'>): void;
  /** Starts to open a link. Calls `listener` only after it has returned, and never again after `closed`. */
  open(target: LinkTarget, listener: LinkListener): Link;
}

/** Where a link leads, and what it says first. @publicApi */
export interface LinkTarget {
  /** Address of the server. */
  readonly url: string;
  /** Path of the Socket.IO endpoint. */
  readonly path: string;
  /** What is sent when the link opens. */
  readonly handshake: Handshake;
}

/** Hears what happens on a link. @publicApi */
export interface LinkListener {
  /** The server has let the client in; its `welcome` follows. */
  opened(session: string): void;
  /** A frame of the server has come. */
  frame(frame: ServerFrame): void;
  /**
   * The link is gone or never came to be, because of `reason`. `error` is what the server said, if it said something, or
   * what else is known.
   */
  closed(reason: string, error?: WireError): void;
}

/** One connection, from `opened` to `closed`; it does not reconnect. @publicApi */
export interface Link {
  /**
   * `onAnswer` is called before any frame that came after the answer: a promise would let a live frame overtake the
   * answer to the subscribe that it follows. `false` says that nothing was sent or ever will be, because the link is
   * about to close.
   */
  send(name: ClientFrameName, body: object, onAnswer: (answer: unknown) => void): boolean | void;
  /** Ends the link; its listener hears nothing more. */
  close(): void;
}
