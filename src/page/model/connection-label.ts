import type { ConnectionState } from '@millrace/client';

export interface Label {
  readonly text: string;
  readonly tone: 'good' | 'busy' | 'bad';
}

/** What to say about the connection at `now`. `cutUntil`: the user has cut it, until then. */
export function connectionLabel(state: ConnectionState, cutUntil: number | undefined, now: number): Label {
  if (cutUntil !== undefined) return { text: `Cut: back in ${seconds(cutUntil - now)}`, tone: 'bad' };
  switch (state.kind) {
    case 'connected':
      return { text: 'Connected', tone: 'good' };
    case 'connecting':
      return { text: 'Connecting', tone: 'busy' };
    case 'reconnecting':
      return { text: `No connection: trying again in ${seconds(state.nextAt - now)}`, tone: 'bad' };
    case 'draining':
      return { text: 'The server restarts: moving over', tone: 'busy' };
    case 'needs-auth':
      return { text: `Signed out: ${state.error.message}`, tone: 'bad' };
    case 'disconnected':
      return { text: state.error ? `Disconnected: ${state.error.message}` : 'Disconnected', tone: 'bad' };
    case 'closed':
      return { text: 'Closed', tone: 'bad' };
    default:
      return state satisfies never;
  }
}

const seconds = (ms: number): string => `${Math.max(1, Math.ceil(ms / 1_000))} s`;
