import { defineChannel, defineCommand, event } from '@millrace/protocol';
import type { Departure } from './desk.contract.js';

/** Somebody has a board open. */
export interface Viewer {
  readonly name: string;
}

/** Who looks at the board of one airport: of no interest a moment later, so not stored. */
export const viewers = defineChannel('viewers.:airport', {
  delivery: 'live',
  events: { 'viewer.seen': event<Viewer>() },
});

/** "I am looking at this board"; to be repeated while that is so. */
export const viewBoard = defineCommand<{ readonly airport: string }>('board.view');

/** The departures recorded last, newest first. */
export const readBoard = defineCommand<
  { readonly airport: string; readonly limit: number },
  { readonly departures: readonly Departure[] }
>('board.read');
