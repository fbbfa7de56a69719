import { Catch, HttpException, HttpStatus, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { CodedError } from '../core/coded-error.js';

/** Coded errors as answers of HTTP: one that passes by itself is 503, and says its code and when to come back. */
@Catch(CodedError)
export class CodedHttpFilter extends BaseExceptionFilter<CodedError> {
  override catch(error: CodedError, host: ArgumentsHost): void {
    const { code, message, retry, retryAfterMs } = error.toWire();
    const status = statusOf(code, retry);
    const body = { statusCode: status, code, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    super.catch(new HttpException(body, status) as unknown as CodedError, host);
  }
}

function statusOf(code: string, retry: string): HttpStatus {
  // A name in the path that nothing can have.
  if (code === 'EVENT_INVALID') return HttpStatus.BAD_REQUEST;
  return passes(retry) ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.INTERNAL_SERVER_ERROR;
}

const passes = (retry: string): boolean => retry === 'backoff' || retry === 'reconnect';
