import { RealtimeError } from './realtime-error.js';
import { sdkError } from './sdk-errors.js';

/** What no retry mends, and what is known before anything is tried. */
export const optionInvalid = (message: string, by = 'createClient'): RealtimeError =>
  new RealtimeError({ ...sdkError('OPTION_INVALID'), message: `${by}(): ${message}` });
