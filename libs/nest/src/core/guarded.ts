import {
  Controller,
  UseGuards,
  VERSION_NEUTRAL,
  type CanActivate,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { BootError } from './boot-error.js';

/**
 * Whom endpoints are for.
 *
 * @publicApi
 */
export interface GuardOptions {
  /** Who may come in: at least one, and all of them must say yes. */
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  /** Modules whose providers the guards need. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}

interface Place {
  readonly guards: GuardOptions['guards'];
  readonly path: string;
}

/**
 * `controller` at a path and under guards that its author does not know.
 *
 * @throws BootError without a guard
 */
export function guarded(controller: abstract new (...args: never[]) => object, { guards, path }: Place): Type<object> {
  // Whoever writes JavaScript may have left it out.
  const given: unknown = guards;
  if (!Array.isArray(given) || given.length === 0) {
    throw new BootError('`guards` has no guard: without one these endpoints would be open to all');
  }
  // A class for each call: decorators on a shared one would add up.
  class Guarded extends (controller as Type<object>) {}
  UseGuards(...guards)(Guarded);
  Controller({ path, version: VERSION_NEUTRAL })(Guarded);
  return Guarded;
}
