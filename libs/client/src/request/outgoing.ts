import { unfaithfulValue, type FrameLimits, type WireError } from '@millrace/protocol';
import { RealtimeError } from '../realtime-error.js';
import { sdkError } from '../sdk-errors.js';

/** One frame as it will be sent, and what a server may hold against it. */
export interface Outgoing {
  /** Plain data, of which nobody else holds a part: what the caller changes afterwards is not sent. */
  readonly body: object;
  readonly bytes: number;
  readonly depth: number;
  readonly nodes: number;
}

/** Packet types, namespace, number of the acknowledgement, name of the event. */
const ENVELOPE_BYTES = 64;

/**
 * Socket.IO would make attachments of binary data, and an exception of a BigInt; JSON would make `null` of `NaN`.
 *
 * @throws RealtimeError `COMMAND_INVALID`, which names the place
 */
export function outgoing(body: object): Outgoing {
  const fault = unfaithfulValue('data' in body ? body.data : undefined);
  if (fault) {
    const details = [{ field: fault.path, rules: { json: `${fault.path || 'the data'} is ${fault.what}` } }];
    throw invalid(fault.cause, { details, message: `The data of the command is not JSON: ${details[0]?.rules.json}.` });
  }
  try {
    const text = JSON.stringify(body);
    const plain = JSON.parse(text) as object;
    return { body: plain, bytes: utf8Bytes(text) + ENVELOPE_BYTES, ...shapeOf(plain) };
  } catch (cause) {
    // Nested deeper than the runtime can follow, or longer than a string may be.
    throw invalid(cause, {});
  }
}

/** Why the server would not take it; it would end the connection over a frame that is too large. */
export function refusalOf({ bytes, depth, nodes }: Outgoing, limits: FrameLimits): WireError | undefined {
  if (bytes > limits.maxFrameBytes) return sdkError('COMMAND_TOO_LARGE', 'not-applied');
  if (depth > limits.maxFrameDepth || nodes > limits.maxFrameNodes) return sdkError('FRAME_TOO_COMPLEX', 'not-applied');
  return undefined;
}

function invalid(cause: unknown, more: Partial<WireError>): RealtimeError {
  return new RealtimeError({ ...sdkError('COMMAND_INVALID', 'not-applied'), ...more }, { cause });
}

/** As the server counts: level by level, the frame itself at depth 0. */
function shapeOf(body: object): { readonly depth: number; readonly nodes: number } {
  let level: unknown[] = [body];
  let nodes = 0;
  let depth = -1;
  for (; level.length > 0; depth++) {
    nodes += level.length;
    level = level.flatMap((node) => (typeof node === 'object' && node !== null ? Object.values(node) : []));
  }
  return { depth, nodes };
}

/** Not every runtime has a TextEncoder. A pair of surrogates is four bytes; JSON escapes lone ones. */
function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) bytes++;
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes++;
  }
  return bytes;
}
