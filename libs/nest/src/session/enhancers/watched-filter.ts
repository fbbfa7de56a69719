import { HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { writeError } from '../../core/log-error.js';
import { isDeliberate } from './deliberate.js';
import { nameOf, remedyOf } from './enhancer-fault.js';
import { LineLogger } from '../../core/log/line-logger.js';

const LOWEST_REFUSAL = 400;
const LOWEST_FAULT = 500;
const HIGHEST_FAULT = 599;

/**
 * A filter of the application whose own failure does not take the place of the error that it was asked about: a filter
 * that writes to a response where there is none would make a fault of the server of every refusal.
 *
 * What it returns is the answer, but an error, or what HTTP calls one (`{ statusCode: 403, … }`), is no success.
 */
export function watchedFilter(filter: ExceptionFilter, faults: FilterFaults): ExceptionFilter {
  const watched = async (error: unknown, host: ArgumentsHost): Promise<unknown> => {
    const answer = await outcomeOf(filter, error, host, faults);
    if (answer instanceof Error) throw answer;
    const status = statusIn(answer);
    if (status === undefined) return answer;
    if (status >= LOWEST_FAULT) throw error;
    throw new HttpException(answer as object, status, { cause: error });
  };
  // Nest reads from the prototypes of a filter which exceptions it is for.
  return Object.create(filter, { catch: { value: watched } }) as ExceptionFilter;
}

async function outcomeOf(
  filter: ExceptionFilter,
  error: unknown,
  host: ArgumentsHost,
  faults: FilterFaults,
): Promise<unknown> {
  try {
    return (await filter.catch(error, host)) as unknown;
  } catch (failure) {
    if (failure === error || isDeliberate(failure)) throw failure;
    faults.tell(filter, failure);
    throw error;
  }
}

function statusIn(answer: unknown): number | undefined {
  const { statusCode } = Object(answer) as { readonly statusCode?: unknown };
  if (!Number.isInteger(statusCode)) return undefined;
  const status = Number(statusCode);
  return status >= LOWEST_REFUSAL && status <= HIGHEST_FAULT ? status : undefined;
}

/** Names each filter that fails once: it would fail for every refusal. */
export class FilterFaults {
  readonly #logger = new LineLogger();
  readonly #told = new Set<string>();

  tell(filter: ExceptionFilter, failure: unknown): void {
    const name = nameOf(filter);
    if (this.#told.has(name)) return;
    this.#told.add(name);
    const remedy = remedyOf({ kind: 'filter', name });
    const message =
      `Filter ${name} failed while it handled the error of a command or channel; the client is answered with that ` +
      `error, as without the filter. ${remedy}. This is logged once for this filter`;
    writeError(this.#logger, message, failure);
  }
}
