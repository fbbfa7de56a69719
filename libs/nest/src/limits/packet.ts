import { NAMESPACE, type WireError } from '@millrace/protocol';

/**
 * What a packet of Socket.IO wants, read off its first characters: what is inside costs most, and is only looked at when
 * there is a token for it. `asks`: for a namespace. `frame`: a request, with the number of its acknowledgement.
 * `attachment`: binary data, or the announcement of some. `answer`: to a request that no node makes. `other`: leaves a
 * namespace, or ends the connection when Socket.IO reads it.
 */
export type Packet =
  | { readonly kind: 'frame'; readonly ack: string | undefined; readonly isCommand: boolean }
  | { readonly kind: 'asks' | 'attachment' | 'answer' | 'other' };

const FRAME = new RegExp(`^2${NAMESPACE},(\\d{0,15})\\["(command")?`);

export function readPacket(data: unknown): Packet {
  if (typeof data !== 'string') return { kind: 'attachment' };
  switch (data.charAt(0)) {
    case '0':
      return { kind: 'asks' };
    case '2': {
      const [isFrame, ack, command] = FRAME.exec(data) ?? [];
      if (isFrame === undefined) return { kind: 'other' };
      return { kind: 'frame', ack: ack || undefined, isCommand: command !== undefined };
    }
    case '3':
      return { kind: 'answer' };
    case '5':
    case '6':
      return { kind: 'attachment' };
    default:
      return { kind: 'other' };
  }
}

/** An answer to a frame that Socket.IO never saw. */
export const refusalPacket = (ack: string, error: WireError): string =>
  `3${NAMESPACE},${ack}${JSON.stringify([{ ok: false, error }])}`;

/** A refusal for one who waits to be let in. */
export const connectErrorPacket = (error: WireError): string =>
  `4${NAMESPACE},${JSON.stringify({ message: error.message, data: error })}`;
