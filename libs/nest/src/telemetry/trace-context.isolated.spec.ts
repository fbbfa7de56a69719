import {
  context,
  createContextKey,
  trace,
  type Context,
  type ContextManager,
  type SpanContext,
} from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { noTraceContext, OpenTelemetryContext } from './trace-context.js';

/** Always in one context, as a tracer would be within a span. */
function within(active: Context): ContextManager {
  const manager: ContextManager = {
    active: () => active,
    with: (_context, work, self, ...args) => work.call(self as ThisParameterType<typeof work>, ...args),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

async function started(): Promise<OpenTelemetryContext> {
  const read = new OpenTelemetryContext();
  await read.start();
  return read;
}

const empty = context.active();
const span: SpanContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

afterEach(() => {
  context.disable();
  vi.doUnmock('@opentelemetry/api');
  vi.resetModules();
});

describe('the trace of an event', () => {
  it('is that of the active span', async () => {
    context.setGlobalContextManager(within(trace.setSpanContext(empty, span)));
    expect((await started()).current()).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  });

  it.each([
    ['there is no span', empty],
    ['the span is not valid', trace.setSpanContext(empty, { ...span, traceId: '0'.repeat(32) })],
    ['the context is of something else', empty.setValue(createContextKey('other'), 1)],
  ])('is unknown when %s', async (_, active) => {
    context.setGlobalContextManager(within(active));
    expect((await started()).current()).toBeUndefined();
  });

  it('is unknown before the start, and where OpenTelemetry is not installed', async () => {
    context.setGlobalContextManager(within(trace.setSpanContext(empty, span)));
    expect(new OpenTelemetryContext().current()).toBeUndefined();
    expect(noTraceContext.current()).toBeUndefined();
    vi.doMock('@opentelemetry/api', () => {
      throw new Error('Cannot find package');
    });
    expect((await started()).current()).toBeUndefined();
  });
});
