import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/internal';
import { MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { BootError } from '../core/boot-error.js';

/** A class whose methods are called with Nest's enhancers around them. */
export interface EntryClass {
  readonly name: string;
  readonly prototype: object;
}

const KINDS = [GUARDS_METADATA, PIPES_METADATA, INTERCEPTORS_METADATA, EXCEPTION_FILTERS_METADATA];
const scanner = new MetadataScanner();

/** Of a provider that a factory made, as tests like to, only its instance tells the class. */
export function entryClassOf(wrapper: InstanceWrapper): EntryClass | undefined {
  if (wrapper.isAlias) return undefined;
  const instance = wrapper.instance as object | null | undefined;
  const type: unknown = wrapper.isNotMetatype ? instance?.constructor : wrapper.metatype;
  return typeof type === 'function' && type.prototype ? type : undefined;
}

/** Whether the class and all that stands around its methods are made once: Nest makes nothing anew for a frame. */
export function isMadeOnce(wrapper: InstanceWrapper): boolean {
  const enhancers = wrapper.getEnhancersMetadata() ?? [];
  return wrapper.isDependencyTreeStatic() && ![wrapper, ...enhancers].some(({ isTransient }) => isTransient);
}

/**
 * Nest makes the enhancers that are given as classes when it makes the class they stand on. Of an instance that
 * somebody else has made it would leave them out, without a word: a guard that is not asked lets everybody in.
 *
 * @throws BootError
 */
export function checkEnhancers(wrapper: InstanceWrapper, type: EntryClass): void {
  const made = new Set((wrapper.getEnhancersMetadata() ?? []).map(({ metatype }) => metatype));
  const missing = enhancersOf(type).filter((enhancer) => !made.has(enhancer));
  if (missing.length === 0) return;
  throw new BootError(
    `${missing.map(({ name }) => name).join(', ')} would not be asked, because Nest does not make ${type.name} itself: ` +
      `put the class among the providers, or give it with useClass, or use instances of its enhancers`,
  );
}

type EnhancerClass = NonNullable<InstanceWrapper['metatype']>;

/** Those that are instances need nobody to make them. */
function enhancersOf(type: EntryClass): EnhancerClass[] {
  const methods = scanner.getAllMethodNames(type.prototype).map((name) => (type.prototype as never)[name]);
  const given = [type, ...methods].flatMap((place: object) =>
    KINDS.flatMap((kind) => (Reflect.getMetadata(kind, place) ?? []) as unknown[]),
  );
  return given.filter((enhancer): enhancer is EnhancerClass => typeof enhancer === 'function');
}
