import { HttpException, HttpStatus, Logger } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { wireError, type CommandOutcome, type WireError } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import type { Ids } from '../core/ids.js';
import { logError } from '../core/log-error.js';
import { WireRefusal } from './wire-refusal.js';

const FAILED_RETRY_AFTER_MS = 1_000;

/**
 * Makes an error of whatever a stage or the application threw. Texts that an application means for its callers
 * (`HttpException` below 500, `WsException`) go through; of everything else only an id that finds it in the log.
 */
export class CodedAnswer {
  readonly #logger = new Logger('Millrace');

  constructor(private readonly ids: Ids) {}

  of(error: unknown, where: string, outcome?: CommandOutcome): WireError {
    if (error instanceof WireRefusal) return error.wire;
    return { ...this.#coded(error, where), ...(outcome !== undefined && { outcome }) };
  }

  /**
   * The same where nothing can have come of it, such as a read. A failure of the server's says nothing about the client,
   * which must not give up for it, nor come back at once.
   */
  ofRepeatable(error: unknown, where: string): WireError {
    const wire = this.of(error, where);
    return wire.code === 'INTERNAL' ? { ...wire, retry: 'backoff', retryAfterMs: FAILED_RETRY_AFTER_MS } : wire;
  }

  #coded(error: unknown, where: string): WireError {
    if (error instanceof CodedError) return error.toWire();
    if (error instanceof WsException) return { ...wireError('REJECTED'), message: error.message };
    if (error instanceof HttpException && error.getStatus() < Number(HttpStatus.INTERNAL_SERVER_ERROR)) {
      return ofHttp(error);
    }
    const errorId = this.ids.next();
    logError(this.#logger, `${where} failed (errorId ${errorId})`, error);
    return wireError('INTERNAL', { errorId });
  }
}

function ofHttp(error: HttpException): WireError {
  switch (error.getStatus()) {
    case Number(HttpStatus.UNAUTHORIZED):
      return wireError('UNAUTHENTICATED');
    case Number(HttpStatus.FORBIDDEN):
      return wireError('FORBIDDEN');
    case Number(HttpStatus.TOO_MANY_REQUESTS):
      return wireError('RATE_LIMITED');
    default:
      return { ...wireError('REJECTED'), message: error.message };
  }
}
