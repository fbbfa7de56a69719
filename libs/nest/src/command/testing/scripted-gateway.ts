import {
  Catch,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import { defineCommand } from '@millrace/protocol';
import type { Observable } from 'rxjs';
import type { Transaction } from '../../stream/transaction/transaction.port.js';
import { Command, CurrentCommand, Gateway, Tx } from '../command.decorators.js';
import type { CommandContext } from '../command-context.js';

export const act = defineCommand<unknown, unknown>('test.act');
/** The same without a transaction. */
export const actFreely = defineCommand<unknown, unknown>('test.actFreely');

type Around = (next: CallHandler, command: CommandContext) => Observable<unknown> | Promise<Observable<unknown>>;

/** What the parts of one command do; a test replaces what it is about. */
export class Script {
  guard: (command: CommandContext) => boolean | Promise<boolean> = () => true;
  around: Around = (next) => next.handle();
  pipe: (value: unknown) => unknown = (value) => value;
  handler: (tx: Transaction, command: CommandContext) => unknown = () => undefined;
  /** How the test sends its SQL with what `@Tx()` gives. */
  asTransaction: (handle: unknown) => Transaction = (handle) => handle as Transaction;
  /** What `@Tx()` gave last. */
  handle: unknown;
  /** `undefined`: not handled. */
  filter: (error: unknown) => unknown = () => undefined;
}

@Injectable()
class ScriptedGuard implements CanActivate {
  constructor(private readonly script: Script) {}
  canActivate(execution: ExecutionContext): boolean | Promise<boolean> {
    return this.script.guard(execution.getArgByIndex(2));
  }
}

@Injectable()
class ScriptedInterceptor implements NestInterceptor {
  constructor(private readonly script: Script) {}
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    return this.script.around(next, execution.getArgByIndex(2));
  }
}

@Injectable()
class ScriptedPipe implements PipeTransform {
  constructor(private readonly script: Script) {}
  transform(value: unknown): unknown {
    return this.script.pipe(value);
  }
}

@Catch()
class ScriptedFilter implements ExceptionFilter {
  constructor(private readonly script: Script) {}
  catch(error: unknown): unknown {
    return this.script.filter(error);
  }
}

@Gateway()
@UseGuards(ScriptedGuard)
@UseInterceptors(ScriptedInterceptor)
@UsePipes(ScriptedPipe)
@UseFilters(ScriptedFilter)
class ScriptedGateway {
  constructor(private readonly script: Script) {}

  @Command(act)
  act(@Tx() tx: unknown, @CurrentCommand() command: CommandContext): unknown {
    this.script.handle = tx;
    return this.script.handler(this.script.asTransaction(tx), command);
  }

  @Command(actFreely, { transaction: false })
  actFreely(@CurrentCommand() command: CommandContext): unknown {
    return this.script.handler({ query: () => Promise.reject(new Error('No transaction')) }, command);
  }
}

export const scriptedProviders = (script: Script): Provider[] => [
  { provide: Script, useValue: script },
  ScriptedGuard,
  ScriptedInterceptor,
  ScriptedPipe,
  ScriptedFilter,
  ScriptedGateway,
];
