import type { WireEvent } from '@millrace/protocol';
import type { StreamEvent } from './stream-event.js';

/** Field by field: what a stage keeps beside an event must not reach subscribers. */
export const onWire = ({ offset, id, type, time, data }: StreamEvent): WireEvent => ({ offset, id, type, time, data });
