import { ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { getMetadataStorage } from 'class-validator';
import { BootError } from '../core/boot-error.js';
import { COMMAND_ARGUMENT, transactionArgument } from './command.arguments.js';
import { payloadPipe, schemaPipe } from './payload-pipe.js';
import type { RunningCommand } from './running-command.js';

/** Under this number `@Payload()` and `@MessageBody()` leave their parameter. */
const BODY_PARAM = '3';

/** What a parameter decorator left: `factory` when it was made with `createParamDecorator`. */
interface ParameterMetadata {
  readonly index: number;
  readonly factory?: unknown;
  readonly pipes?: readonly unknown[];
  readonly schema?: unknown;
}

interface Method {
  readonly gateway: { readonly name: string; readonly prototype: object };
  readonly name: string;
  readonly inTransaction: boolean;
}

/** The parameters of one handler, by their decorators. */
export class CommandParameters {
  private constructor(
    private readonly count: number,
    private readonly transactions: readonly number[],
  ) {}

  /** @throws BootError for parameters that cannot be filled, or would be with what nobody has checked */
  static read({ gateway, name, inTransaction }: Method): CommandParameters {
    const place = `${gateway.name}.${name}`;
    const metadata = (Reflect.getMetadata(ROUTE_ARGS_METADATA, gateway, name) ?? {}) as Record<
      string,
      ParameterMetadata
    >;
    const parameters = Object.entries(metadata).filter(([, { index }]) => index < COMMAND_ARGUMENT);
    const indices = new Set(parameters.map(([, { index }]) => index));
    const declared = (gateway.prototype as Record<string, { readonly length: number }>)[name]?.length ?? 0;
    for (let index = 0; index < declared; index++) {
      if (indices.has(index)) continue;
      throw new BootError(
        `Parameter ${index + 1} of ${place} has no decorator: put @Payload() before the command's data`,
      );
    }
    const types = (Reflect.getMetadata('design:paramtypes', gateway.prototype, name) ?? []) as unknown[];
    for (const [key, parameter] of parameters) {
      if (key.split(':')[0] === BODY_PARAM) checkPayload(parameter, types[parameter.index], place);
    }
    const transactions = parameters.flatMap(([, { factory, index }]) => (factory === transactionArgument ? index : []));
    if (transactions.length > 0 && !inTransaction) {
      throw new BootError(`${place} asks for @Tx() but is under @Command(…, { transaction: false }): drop one of them`);
    }
    return new CommandParameters(Math.max(0, ...[...indices].map((index) => index + 1)), transactions);
  }

  /** Which command it is that the handler is called for. */
  commandIn(args: readonly unknown[]): RunningCommand {
    return (args[COMMAND_ARGUMENT] as () => RunningCommand)();
  }

  /** What the method gets: what the pipes made, and `handle` where it asks for the transaction. */
  given(args: readonly unknown[], handle: unknown): unknown[] {
    const given = args.slice(0, this.count);
    for (const index of this.transactions) given[index] = handle;
    return given;
  }
}

/** A payload that nothing validates would reach the handler as whatever the client sent. */
function checkPayload({ pipes = [], schema }: ParameterMetadata, type: unknown, place: string): void {
  if (pipes.includes(schemaPipe)) {
    if (isStandardSchema(schema)) return;
    throw new BootError(`The schema of the payload of ${place} is no Standard Schema`);
  }
  if (!pipes.includes(payloadPipe)) {
    throw new BootError(`The payload of ${place} is not validated: use @Payload() instead of @MessageBody()`);
  }
  if (hasRules(type)) return;
  throw new BootError(
    `The payload of ${place} has no DTO class: give the parameter a class with class-validator rules (imported as a ` +
      'value, not as a type), or use @Payload({ schema })',
  );
}

function hasRules(type: unknown): boolean {
  if (typeof type !== 'function') return false;
  return getMetadataStorage().getTargetValidationMetadatas(type, '', true, false).length > 0;
}

function isStandardSchema(schema: unknown): boolean {
  const standard = (schema as { readonly '~standard'?: { readonly validate?: unknown } } | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}
