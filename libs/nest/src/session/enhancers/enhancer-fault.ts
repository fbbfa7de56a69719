export type EnhancerKind = 'guard' | 'interceptor' | 'pipe' | 'filter';

/** Which enhancer an error came out of. */
export interface EnhancerMark {
  readonly kind: EnhancerKind;
  /** Name of its class. */
  readonly name: string;
}

/** An enhancer of the application failed instead of answering. */
export class EnhancerFault extends Error {
  override readonly name = 'EnhancerFault';

  constructor(
    readonly mark: EnhancerMark,
    override readonly cause: unknown,
  ) {
    super(`${mark.kind} ${mark.name} failed`);
  }

  /** Whether trying again cannot help. */
  get isPermanent(): boolean {
    return isMistake(this.cause);
  }
}

/**
 * Whether an error is a mistake in code, as of a guard that reads the headers of a request where there is a socket.
 * `fetch` reports a server that is away as a `TypeError` too, but that one has a cause.
 */
export function isMistake(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof ReferenceError) && error.cause === undefined;
}

/** What to do about an enhancer that fails on a socket. */
export function remedyOf({ kind, name }: EnhancerMark): string {
  const way = {
    guard: "if (context.getType() !== 'http') return …, and decide about commands and channels with sessionOf(context)",
    interceptor: "if (context.getType() !== 'http') return next.handle()",
    pipe: 'check the value before using it',
    filter: "if (host.getType() !== 'http') return undefined",
  }[kind];
  return (
    `If ${name} is written for HTTP: commands and channels have a socket instead of a request and a response, so start ` +
    `it with: ${way}`
  );
}

/** Remembers which enhancer an error came out of; the error itself stays as the application threw it. */
export class EnhancerMarks {
  readonly #marks = new WeakMap<object, EnhancerMark>();

  set(error: unknown, mark: EnhancerMark): void {
    if (typeof error === 'object' && error !== null && !this.#marks.has(error)) this.#marks.set(error, mark);
  }

  of(error: unknown): EnhancerMark | undefined {
    return typeof error === 'object' && error !== null ? this.#marks.get(error) : undefined;
  }
}

export function nameOf(enhancer: object): string {
  const { constructor } = enhancer as { readonly constructor?: unknown };
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'an unnamed one';
}
