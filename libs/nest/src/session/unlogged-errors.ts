import type { ArgumentsHost } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';

type Invoke = (...args: unknown[]) => Promise<unknown>;

/** Nest's handler of exceptions, as far as it is used: filters of the application, and nothing behind them. */
interface Filters {
  invokeCustomFilters(error: unknown, host: ArgumentsHost): unknown;
}

/**
 * The same creator, whose errors are not logged by Nest when no filter takes them: they are logged with the `errorId`
 * that the client is told, once. A filter that answers `undefined`, at once or later, has not handled the error; Nest
 * would make a success of the later one.
 *
 * `externalErrorProxy` is a private part of Nest. Should it ever be called otherwise, errors are logged twice.
 */
export function withoutErrorLog(contexts: ExternalContextCreator): ExternalContextCreator {
  return Object.create(contexts, { externalErrorProxy: { value: { createProxy } } }) as ExternalContextCreator;
}

function createProxy(invoke: Invoke, filters: Filters, type: string): Invoke {
  return async (...args) => {
    try {
      return await invoke(...args);
    } catch (error) {
      const host = new ExecutionContextHost(args);
      host.setType(type);
      const answer = await filters.invokeCustomFilters(error, host);
      if (answer === undefined) throw error;
      return answer;
    }
  };
}
