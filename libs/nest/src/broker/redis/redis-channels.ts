import type { ChannelName } from '@millrace/protocol';

/**
 * The Redis channels of one installation: another one on the same Redis has other names. So had releases that did not
 * seal what they said: those and these do not hear each other, and find events in the log.
 */
export class RedisChannels {
  readonly #prefix: string;

  constructor(prefix: string, installation: string) {
    this.#prefix = `${prefix}:${installation}:sealed:events:`;
  }

  of(channel: ChannelName): string {
    return `${this.#prefix}${channel}`;
  }

  /** Which channel's it is, or `undefined` when it is none of these. */
  channelOf(name: string): ChannelName | undefined {
    return name.startsWith(this.#prefix) ? (name.slice(this.#prefix.length) as ChannelName) : undefined;
  }
}
