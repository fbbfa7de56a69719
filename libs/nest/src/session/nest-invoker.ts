import { Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { ExternalContextCreator } from '@nestjs/core';
import type { Session } from './session.js';
import { watchedContexts } from './enhancers/watched-contexts.js';

/** What Nest calls the body of a request. Under this number its `ValidationPipe` runs and `@MessageBody()` lands. */
const BODY_PARAM = 3;
const ACKNOWLEDGEMENT_PARAM = 13;

/** Where `context` stands among (socket, data, context, name), with which guards, interceptors and filters are called. */
export const CONTEXT_ARGUMENT = 2;

/** A method of a user's class with its guards, pipes, interceptors and filters around it, local and global. */
export type Invocation = (session: Session, data: unknown, context: object, name: string) => Promise<unknown>;

/** Calls the method itself. `args` are what the pipes made, or those of the invocation when no parameter is decorated. */
export type Around = (call: (...args: unknown[]) => unknown, args: unknown[]) => unknown;

/**
 * Wraps methods so that Nest's enhancers apply to them outside of Nest's own gateways: one wire event and our own
 * dispatch instead of a Socket.IO listener a handler. The context type is `ws`, so `switchToWs()` and users' own
 * parameter decorators work: client = the socket, data = the raw body, pattern = the command's or channel's name.
 */
@Injectable()
export class NestInvoker {
  readonly #contexts: ExternalContextCreator;

  constructor(contexts: ExternalContextCreator) {
    this.#contexts = watchedContexts(contexts);
  }

  /** `around` stands between the enhancers and the method: after guards and pipes, inside interceptors. */
  bind(instance: object, methodName: string, around: Around = (call, args) => call(...args)): Invocation {
    const method = methodOf(instance, methodName);
    const callback = (...args: unknown[]) => around((...actual) => method.apply(instance, actual), args);
    passFor(method, callback);
    const invoke = this.#contexts.create(
      instance,
      callback,
      methodName,
      ROUTE_ARGS_METADATA,
      { exchangeKeyForValue: parameterValue },
      undefined,
      undefined,
      { guards: true, interceptors: true, filters: true },
      'ws',
    );
    return (session, data, context, name) => invoke(session.socket, data, context, name);
  }
}

function parameterValue(type: number, key: unknown, args: readonly unknown[]): unknown {
  const [socket, body] = args;
  if (type === 0) return socket;
  if (type === BODY_PARAM) return typeof key === 'string' ? (body as Record<string, unknown> | null)?.[key] : body;
  if (type === ACKNOWLEDGEMENT_PARAM)
    throw new TypeError('@Ack() is not available here: the answer is the return value');
  return undefined;
}

function methodOf(instance: object, name: string): (...args: unknown[]) => unknown {
  const method: unknown = (instance as Record<string, unknown>)[name];
  if (typeof method !== 'function') throw new TypeError(`${instance.constructor.name}.${name} is not a method`);
  return method as (...args: unknown[]) => unknown;
}

/** Guards and interceptors read metadata and name from the function that is called, not from the class. */
function passFor(method: (...args: unknown[]) => unknown, stand: object): void {
  for (const key of Reflect.getMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), stand);
  }
  Object.defineProperty(stand, 'name', { value: method.name, configurable: true });
}
