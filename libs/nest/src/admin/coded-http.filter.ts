import { Catch, HttpException, HttpStatus, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { CodedError } from '../core/coded-error.js';

/** Coded errors as answers of HTTP: one that passes by itself is 503, and says its code and when to come back. */
@Catch(CodedError)
export class CodedHttpFilter extends BaseExceptionFilter<CodedError> {
  override catch(error: CodedError, host: ArgumentsHost): void {
    const { code, message, retry, retryAfterMs } = error.toWire();
    const status = passes(retry) ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.INTERNAL_SERVER_ERROR;
    const body = { statusCode: status, code, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    super.catch(new HttpException(body, status) as unknown as CodedError, host);
  }
}

const passes = (retry: string): boolean => retry === 'backoff' || retry === 'reconnect';
