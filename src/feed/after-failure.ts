import { RealtimeError } from '@millrace/client';

export type NextStep =
  { readonly kind: 'repeat'; readonly afterMs: number } | { readonly kind: 'give-up'; readonly reason: string };

const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;

/**
 * What the feed does after the `failures`th failure in a row of one command. It may always repeat: a row that was
 * recorded by a command whose answer was lost is not recorded again. So whether it should is all there is to decide.
 */
export function afterFailure(error: unknown, failures: number): NextStep {
  if (!(error instanceof RealtimeError)) return { kind: 'give-up', reason: String(error) };
  if (error.retry === 'never' && error.outcome !== 'unknown') {
    const details = error.details.map(({ field, rules }) => ` ${field}: ${Object.values(rules).join(', ')}.`);
    return { kind: 'give-up', reason: `${error.code}: ${error.message}${details.join('')}${logEntry(error)}` };
  }
  const pauseMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (failures - 1));
  return { kind: 'repeat', afterMs: Math.max(pauseMs, error.retryAfterMs ?? 0) };
}

const logEntry = ({ errorId }: RealtimeError): string => (errorId === undefined ? '' : ` (${errorId})`);
