import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { EnhancerFault, EnhancerMarks } from './enhancer-fault.js';
import { WatchedEnhancers } from './watched-enhancers.js';
import { FilterFaults, watchedFilter } from './watched-filter.js';

type Invoke = (...args: unknown[]) => Promise<unknown>;

/** Nest's handler of exceptions, as far as it is used: filters of the application, and nothing behind them. */
interface Filters {
  invokeCustomFilters(error: unknown, host: ArgumentsHost): unknown;
}

/** Nest's collectors of enhancers, as far as they are used. */
interface Collector<Enhancer> {
  createConcreteContext(...args: unknown[]): Enhancer[];
}

interface FilterCollector {
  getFilterInstance(...args: unknown[]): ExceptionFilter | null;
}

/** Private parts of Nest's creator. */
interface Parts {
  readonly guardsContextCreator: Collector<object>;
  readonly interceptorsContextCreator: Collector<object>;
  readonly pipesContextCreator: Collector<object>;
  readonly filtersContextCreator: FilterCollector;
}

/**
 * The same creator with the enhancers that it finds watched, so that an answer can say what a validator found, and the
 * log which enhancer failed.
 *
 * Errors that no filter takes are not logged by Nest: they are logged with the `errorId` that the client is told, once.
 * A filter that answers `undefined`, at once or later, has not handled the error; Nest would make a success of the
 * later one.
 *
 * The names used here are private parts of Nest. Should they ever be called otherwise, enhancers run as before, unnamed
 * in the log, and errors are logged twice.
 */
export function watchedContexts(contexts: ExternalContextCreator): ExternalContextCreator {
  const marks = new EnhancerMarks();
  const enhancers = new WatchedEnhancers(marks);
  const faults = new FilterFaults();
  const parts = contexts as unknown as Parts;
  return Object.create(contexts, {
    guardsContextCreator: { value: watching(parts.guardsContextCreator, (one) => enhancers.guard(one as never)) },
    interceptorsContextCreator: {
      value: watching(parts.interceptorsContextCreator, (one) => enhancers.interceptor(one as never)),
    },
    pipesContextCreator: { value: watching(parts.pipesContextCreator, (one) => enhancers.pipe(one as never)) },
    filtersContextCreator: { value: watchingFilters(parts.filtersContextCreator, faults) },
    externalErrorProxy: { value: { createProxy: proxyWith(marks) } },
  }) as ExternalContextCreator;
}

function watching<Enhancer>(
  collector: Collector<Enhancer>,
  watch: (enhancer: Enhancer) => Enhancer,
): Collector<Enhancer> {
  return Object.create(collector, {
    createConcreteContext: {
      value(this: Collector<Enhancer>, ...args: unknown[]): Enhancer[] {
        return collector.createConcreteContext.apply(this, args).map(watch);
      },
    },
  }) as Collector<Enhancer>;
}

function watchingFilters(collector: FilterCollector, faults: FilterFaults): FilterCollector {
  return Object.create(collector, {
    getFilterInstance: {
      value(this: FilterCollector, ...args: unknown[]): ExceptionFilter | null {
        const filter = collector.getFilterInstance.apply(this, args);
        return filter && watchedFilter(filter, faults);
      },
    },
  }) as FilterCollector;
}

function proxyWith(marks: EnhancerMarks) {
  return (invoke: Invoke, filters: Filters, type: string): Invoke =>
    async (...args) => {
      try {
        return await invoke(...args);
      } catch (error) {
        const host = new ExecutionContextHost(args);
        host.setType(type);
        const answer = await answerOf(filters, error, host, marks);
        if (answer === undefined) throw withMark(error, marks);
        return answer;
      }
    };
}

async function answerOf(filters: Filters, error: unknown, host: ArgumentsHost, marks: EnhancerMarks): Promise<unknown> {
  try {
    return await filters.invokeCustomFilters(error, host);
  } catch (failure) {
    throw withMark(failure, marks);
  }
}

/** Behind the filters, which see what the application threw. */
function withMark(error: unknown, marks: EnhancerMarks): unknown {
  const mark = marks.of(error);
  return mark ? new EnhancerFault(mark, error) : error;
}
