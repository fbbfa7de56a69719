import { ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { BootError } from '../core/boot-error.js';

/** Under this number `@Payload()` and `@MessageBody()` leave their parameter. */
const BODY_PARAM = '3';
const NOT_A_DTO: readonly unknown[] = [undefined, Object, String, Number, Boolean, Array, Function, BigInt, Symbol];

interface ParameterMetadata {
  readonly index: number;
  readonly schema?: unknown;
}

/** A payload that nothing validates would reach the handler as whatever the client sent. */
export function checkPayload(gateway: { readonly name: string; readonly prototype: object }, method: string): void {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, gateway, method) ?? {}) as Record<
    string,
    ParameterMetadata
  >;
  const types = (Reflect.getMetadata('design:paramtypes', gateway.prototype, method) ?? []) as unknown[];
  for (const [key, { index, schema }] of Object.entries(parameters)) {
    if (key.split(':')[0] !== BODY_PARAM || schema !== undefined || !NOT_A_DTO.includes(types[index])) continue;
    throw new BootError(
      `The payload of ${gateway.name}.${method} has no DTO class: give the parameter a class with class-validator ` +
        'rules (imported as a value, not as a type), or use @Payload({ schema })',
    );
  }
}
