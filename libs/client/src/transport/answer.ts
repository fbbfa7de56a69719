import type { Answer, WireError } from '@millrace/protocol';

const unreadable: WireError = {
  code: 'INTERNAL',
  message: 'The answer of the server does not have the form that the protocol asks for.',
  retry: 'never',
};

/** An answer is what somebody else sent: only its outer form is checked, the rest is the server's word. */
export function readAnswer<Body extends object>(raw: unknown): Answer<Body> {
  const { ok, error } = (raw ?? {}) as { ok?: unknown; error?: Partial<WireError> };
  if (ok === true) return raw as Answer<Body>;
  if (ok === false && typeof error?.retry === 'string') return raw as Answer<Body>;
  return { ok: false, error: unreadable };
}
