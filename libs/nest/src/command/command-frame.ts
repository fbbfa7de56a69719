import { isCommandName, type CommandFrame } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

const ID = /^[\w-]{1,64}$/;

/** @throws CodedError `FRAME_INVALID` */
export function readCommandFrame(body: unknown): CommandFrame {
  const { id, name, data } = (body ?? {}) as Partial<CommandFrame>;
  if (typeof id !== 'string' || !ID.test(id)) throw new CodedError('FRAME_INVALID', { outcome: 'not-applied' });
  if (typeof name !== 'string' || !isCommandName(name))
    throw new CodedError('FRAME_INVALID', { outcome: 'not-applied' });
  return { id, name, data };
}
