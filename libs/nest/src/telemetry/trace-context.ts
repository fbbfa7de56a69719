/** Which trace the code that runs now belongs to. */
export interface TraceContext {
  /** W3C `traceparent` of the active span, if there is one. */
  current(): string | undefined;
}

export const noTraceContext: TraceContext = { current: () => undefined };

type OpenTelemetry = typeof import('@opentelemetry/api');

/** Reads OpenTelemetry's context where its API is installed, and nothing elsewhere: it is an optional peer. */
export class OpenTelemetryContext implements TraceContext {
  #api: OpenTelemetry | undefined;

  /** The package may be missing, which is not worth a word. */
  async start(): Promise<void> {
    this.#api = await import('@opentelemetry/api').catch(() => undefined);
  }

  current(): string | undefined {
    if (!this.#api) return undefined;
    const { context, isSpanContextValid, trace } = this.#api;
    const span = trace.getSpanContext(context.active());
    if (!span || !isSpanContextValid(span)) return undefined;
    return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
  }
}
