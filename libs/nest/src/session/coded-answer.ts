import { HttpStatus, type HttpException } from '@nestjs/common';
import { wireError, type CommandOutcome, type WireError } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { dataException, nameOfDataException } from '../core/database-error.js';
import type { Ids } from '../core/ids.js';
import { logError, writeError } from '../core/log-error.js';
import { isHttpException, isWsException } from './enhancers/deliberate.js';
import { EnhancerFault, remedyOf } from './enhancers/enhancer-fault.js';
import { ofHttp, ofWs } from './application-refusal.js';
import { WireRefusal } from './wire-refusal.js';
import { CrowdLogger } from '../core/log/crowd-logger.js';

const FAILED_RETRY_AFTER_MS = 1_000;
/** For what only a new release of the server mends. */
const BROKEN_RETRY_AFTER_MS = 30_000;

/**
 * Makes an error of whatever a stage or the application threw. Texts that an application means for its callers
 * (`HttpException` below 500, `WsException`) go through; of everything else only an id that finds it in the log.
 */
export class CodedAnswer {
  readonly #logger = new CrowdLogger();
  /** Ids of the log entries about enhancers that fail whatever they are asked, by enhancer. */
  readonly #broken = new Map<string, string>();

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
    if (wire.code !== 'INTERNAL') return wire;
    const isBroken = error instanceof EnhancerFault && error.isPermanent;
    return { ...wire, retry: 'backoff', retryAfterMs: isBroken ? BROKEN_RETRY_AFTER_MS : FAILED_RETRY_AFTER_MS };
  }

  #coded(error: unknown, where: string): WireError {
    if (error instanceof CodedError) return error.toWire();
    if (isWsException(error)) return ofWs(error);
    if (isHttpException(error) && isForCallers(error)) return ofHttp(error);
    const state = dataException(error);
    if (state !== undefined) return this.#valueRefused(state, where);
    const errorId =
      error instanceof EnhancerFault
        ? this.#logFault(error, where)
        : logError(this.#logger, `${where} failed`, error, this.ids.next());
    return wireError('INTERNAL', { errorId });
  }

  /** The client sent it, and may do so as often as it likes; a line is left for who wrote the statement. */
  #valueRefused(state: string, where: string): WireError {
    const kind = `${where.split(' ', 1)[0]} ${state}`;
    this.#logger.repeated.writeOnce(kind, '', () =>
      this.#logger.warn(
        `${where} was refused with VALUE_INVALID: the database did not accept a value, ${nameOfDataException(state)} ` +
          `(SQLSTATE ${state}). If the value is not the client's, look at the statements of this handler or policy`,
      ),
    );
    return wireError('VALUE_INVALID');
  }

  /** An enhancer with a mistake in it fails for every call: it is logged once, and all calls get the id of that entry. */
  #logFault({ mark, cause, isPermanent }: EnhancerFault, where: string): string {
    const enhancer = `${mark.kind} ${mark.name}`;
    const known = isPermanent ? this.#broken.get(enhancer) : undefined;
    if (known !== undefined) return known;
    const threw = `${enhancer} threw instead of answering`;
    const errorId = this.ids.next();
    if (!isPermanent) return logError(this.#logger, `${where} failed: ${threw}`, cause, errorId);
    this.#broken.set(enhancer, errorId);
    const remedy = `${remedyOf(mark)}. This is logged once for this ${mark.kind}`;
    writeError(this.#logger, `${where} failed (errorId ${errorId}): ${threw}. ${remedy}`, cause);
    return errorId;
  }
}

/** A 503 is thrown on purpose. Whatever else the application calls a fault of the server is one. */
function isForCallers(error: HttpException): boolean {
  const status = error.getStatus();
  return status < Number(HttpStatus.INTERNAL_SERVER_ERROR) || status === Number(HttpStatus.SERVICE_UNAVAILABLE);
}
