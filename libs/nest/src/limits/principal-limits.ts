import { LineLogger } from '../core/log/line-logger.js';
import { writeError } from '../core/log-error.js';
import type { LimitOptions, SubjectLimits } from './limits.options.js';

/** The limits of each principal: those of all, and what the application says of some. */
export class PrincipalLimits {
  readonly #logger = new LineLogger();
  readonly #known = new WeakMap<object, SubjectLimits>();
  #hasFailed = false;

  constructor(private readonly options: LimitOptions) {}

  /** Asks the application once for each principal that is an object. */
  of(principal: unknown): SubjectLimits {
    if (!this.options.forPrincipal) return this.options;
    const isObject = typeof principal === 'object' && principal !== null;
    const known = isObject ? this.#known.get(principal) : undefined;
    if (known) return known;
    const limits = this.#ask(principal);
    if (isObject) this.#known.set(principal, limits);
    return limits;
  }

  #ask(principal: unknown): SubjectLimits {
    try {
      return { ...this.options, ...checked(this.options.forPrincipal?.(principal) ?? {}, this.options) };
    } catch (error) {
      if (!this.#hasFailed) writeError(this.#logger, '`limits.forPrincipal` failed. This is logged once', error);
      this.#hasFailed = true;
      return this.options;
    }
  }
}

function checked(given: Partial<SubjectLimits>, defaults: LimitOptions): Partial<SubjectLimits> {
  for (const [key, value] of Object.entries(given)) {
    const isKnown = typeof defaults[key as keyof LimitOptions] === 'number';
    if (isKnown && typeof value === 'number' && value >= 1) continue;
    throw new TypeError(`It returned \`${key}: ${String(value)}\`; expected a limit of subjects, at least 1`);
  }
  return given;
}
