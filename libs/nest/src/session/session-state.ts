import type { WireError } from '@millrace/protocol';

/** A session's life. Each state has only what is true in it. */
export type SessionState =
  | { readonly kind: 'active'; readonly expiresAt?: number }
  | { readonly kind: 'draining'; readonly expiresAt?: number }
  | { readonly kind: 'closed'; readonly error?: WireError };

export type SessionInput =
  | { readonly kind: 'renewed'; readonly expiresAt?: number }
  | { readonly kind: 'drain' }
  | { readonly kind: 'close'; readonly error: WireError }
  | { readonly kind: 'disconnected' };

/** `closed` is the end: whatever comes later changes nothing, so nothing can be told or closed twice. */
export function transition(state: SessionState, input: SessionInput): SessionState {
  if (state.kind === 'closed') return state;
  switch (input.kind) {
    case 'renewed':
      return { kind: state.kind, ...(input.expiresAt !== undefined && { expiresAt: input.expiresAt }) };
    case 'drain':
      return { ...state, kind: 'draining' };
    case 'close':
      return { kind: 'closed', error: input.error };
    case 'disconnected':
      return { kind: 'closed' };
  }
}
