import { createParamDecorator, SetMetadata, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import type { CommandContract, CommandResult } from '@millrace/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Observable } from 'rxjs';
import { BootError } from '../core/boot-error.js';
import { markInjectable } from '../core/mark-injectable.js';
import { COMMAND_ARGUMENT, commandArgument, transactionArgument } from './command.arguments.js';
import { commandOf, type CommandContext } from './command-context.js';
import { COMMAND_METADATA, GATEWAY_METADATA } from './command.metadata.js';
import { payloadPipe, schemaPipe } from './payload-pipe.js';

/**
 * Marks a provider whose methods under `@Command()` handle commands. Ordinary Nest guards, pipes, interceptors and
 * filters apply to it. It must be a singleton.
 *
 * @publicApi
 */
export function Gateway(): ClassDecorator {
  return (target) => {
    markInjectable(target);
    SetMetadata(GATEWAY_METADATA, true)(target);
  };
}

/**
 * How one command is handled.
 *
 * @publicApi
 */
export interface CommandHandlerOptions {
  /** From the command's arrival to COMMIT, in ms. @defaultValue `command.deadlineMs` of the module */
  readonly deadlineMs?: number;
  /**
   * Whether the handler runs in a transaction. Without one, `publish` stores its events at once and `@Tx()` is
   * refused. @defaultValue true
   */
  readonly transaction?: boolean;
}

/** A method that answers as the contract says; another one does not compile. @publicApi */
export type HandlerDecorator<Result> = <
  Handler extends (...args: never[]) => Result | Promise<Result> | Observable<Result>,
>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void;

/**
 * Handles a command. What the method returns becomes the command's result, and has the type that the contract says;
 * what it throws becomes its error.
 *
 * @publicApi
 */
export function Command<C extends CommandContract>(
  contract: C,
  options: CommandHandlerOptions = {},
): HandlerDecorator<CommandResult<C>> {
  return (target, key, descriptor) => {
    if (typeof target === 'function')
      throw new BootError(`${target.name}.${String(key)} is static: nobody would call it`);
    SetMetadata(COMMAND_METADATA, { ...options, name: contract.name })(target, key, descriptor);
    RunningCommandArgument()(target, key, COMMAND_ARGUMENT);
  };
}

/**
 * What checks the data of a command.
 *
 * @publicApi
 */
export interface PayloadOptions {
  /** Any Standard Schema; without it the parameter's class is the DTO. */
  readonly schema?: StandardSchemaV1;
}

/**
 * The command's data: an instance of the parameter's DTO class, validated by class-validator, or the output of a
 * schema. Unknown properties are refused.
 *
 * @publicApi
 */
export function Payload({ schema }: PayloadOptions = {}): ParameterDecorator {
  if (schema === undefined) return MessageBody(payloadPipe);
  return MessageBody({ schema, pipes: [schemaPipe] as PipeTransform[] });
}

const RunningCommandArgument = createParamDecorator(commandArgument);

const fromContext = <T>(read: (context: CommandContext) => T): (() => ParameterDecorator) =>
  createParamDecorator((_: unknown, execution: ExecutionContext) => read(commandOf(execution)));

/** Who sent the command: what `authenticate` made of the token. @publicApi */
export const CurrentPrincipal = fromContext((context) => context.session.principal);

/** The {@link CommandContext}: id, name, session and the signal of the deadline. @publicApi */
export const CurrentCommand = fromContext((context) => context);

/** The handler's transaction; see {@link TransactionPort} for what it is. @publicApi */
export const Tx: () => ParameterDecorator = createParamDecorator(transactionArgument);
