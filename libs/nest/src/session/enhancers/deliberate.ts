import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { CodedError } from '../../core/coded-error.js';
import { WireRefusal } from '../wire-refusal.js';

/**
 * An `HttpException`, also one of another copy of `@nestjs/common`: a workspace of several packages may have two.
 */
export function isHttpException(error: unknown): error is HttpException {
  if (error instanceof HttpException) return true;
  if (!(error instanceof Error)) return false;
  const { getStatus, getResponse } = error as Partial<Record<'getStatus' | 'getResponse', unknown>>;
  return typeof getStatus === 'function' && typeof getResponse === 'function';
}

/** A `WsException`, also one of another copy of `@nestjs/websockets`. */
export function isWsException(error: unknown): error is WsException {
  if (error instanceof WsException) return true;
  return error instanceof Error && typeof (error as { readonly getError?: unknown }).getError === 'function';
}

/** Whether an error is meant as an answer to the client. Everything else is a fault of the server. */
export function isDeliberate(error: unknown): boolean {
  return error instanceof CodedError || error instanceof WireRefusal || isHttpException(error) || isWsException(error);
}
