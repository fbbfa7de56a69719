/** A server of a test's own, to be killed, frozen and started again. */
export interface Breakable {
  readonly url: string;
  readonly port: number;
  /** SIGSTOP or SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  /** Takes it down, until {@link serve}. Resolves when nobody listens any more. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** On the same port and with the same files. Resolves when it answers. */
  serve(): Promise<unknown>;
  /** For good. */
  stop(): Promise<void>;
}

export function startBreakable(name: 'postgres' | 'redis'): Promise<Breakable>;
