import { HttpStatus, type HttpException } from '@nestjs/common';
import type { WsException } from '@nestjs/websockets';
import { wireError, type ErrorCode, type WireError } from '@millrace/protocol';

/** Nobody reads more, and it is the application's text. */
const MAX_MESSAGE_LENGTH = 1_000;
/** A day: a longer wait is a mistake in the unit. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * What the application refuses with an HTTP exception, in its own words. None of it becomes a code of Millrace's own
 * checks: a 401 says nothing about the token of the session, a 429 nothing about its frames.
 */
export function ofHttp(error: HttpException): WireError {
  const status = error.getStatus();
  if (status === Number(HttpStatus.FORBIDDEN)) return wireError('FORBIDDEN');
  const response = error.getResponse();
  const message = textIn(response) ?? error.message;
  return refusal(codeOf(status), { message, status, ...pauseIn(error, response) });
}

export function ofWs(error: WsException): WireError {
  const inner: unknown = error.getError();
  return refusal('REJECTED', { message: error.message, ...pauseIn(error, inner) });
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case Number(HttpStatus.TOO_MANY_REQUESTS):
      return 'TOO_MANY_REQUESTS';
    case Number(HttpStatus.REQUEST_TIMEOUT):
    case Number(HttpStatus.SERVICE_UNAVAILABLE):
      return 'UNAVAILABLE';
    default:
      return 'REJECTED';
  }
}

function refusal(
  code: ErrorCode,
  { message, ...more }: { readonly message: string; readonly status?: number; readonly retryAfterMs?: number },
): WireError {
  return { ...wireError(code, more), message: message.slice(0, MAX_MESSAGE_LENGTH) };
}

/** Several texts, as of `new BadRequestException(['one', 'other'])`: the exception's own message has none of them. */
function textIn(response: unknown): string | undefined {
  const { message } = Object(response) as { readonly message?: unknown };
  if (!Array.isArray(message) || !message.every((text) => typeof text === 'string')) return undefined;
  return message.length > 0 ? message.join('; ') : undefined;
}

/** `retryAfterMs`, or `retryAfter` in seconds as in HTTP, on the exception or in what it answers. */
function pauseIn(...places: readonly unknown[]): { readonly retryAfterMs?: number } {
  for (const place of places) {
    const fields = Object(place) as Readonly<Record<string, unknown>>;
    const seconds = fields['retryAfter'] ?? fields['retry-after'] ?? fields['Retry-After'];
    const retryAfterMs = Math.ceil(Number(fields['retryAfterMs'] ?? Number(seconds ?? Number.NaN) * 1_000));
    if (retryAfterMs > 0 && retryAfterMs <= MAX_RETRY_AFTER_MS) return { retryAfterMs };
  }
  return {};
}
