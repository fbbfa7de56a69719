import { isObservable, lastValueFrom } from 'rxjs';
import type { CommandOutcome } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import type { Invocation, NestInvoker } from '../session/nest-invoker.js';
import { ambient, runWithin } from '../stream/transaction/ambient.js';
import type { TransactionPort } from '../stream/transaction/transaction.port.js';
import { UnitOfWork, type StagedRef } from '../stream/transaction/unit-of-work.js';
import type { CommandContext } from './command-context.js';
import type { CommandMetadata } from './command.metadata.js';

export interface CommandHandlerParts {
  readonly invoker: NestInvoker;
  readonly transactions: TransactionPort;
  readonly maxEventsPerTransaction: number;
}

/** What became of one command, beside its result. */
export interface CommandRun {
  readonly outcome: CommandOutcome | undefined;
  readonly staged: readonly StagedRef[];
  /** Settles, without failing, when nothing of the handler's transaction is left open. */
  readonly closed: Promise<unknown>;
}

class Run implements CommandRun {
  unit: UnitOfWork | undefined;
  direct: CommandOutcome = 'not-applied';
  closed: Promise<unknown> = Promise.resolve();

  get outcome(): CommandOutcome {
    return this.unit ? this.unit.outcome : this.direct;
  }

  get staged(): readonly StagedRef[] {
    return this.unit?.staged ?? [];
  }
}

/** One method under `@Command()`, with Nest's enhancers outside and its transaction inside. */
export class CommandHandler {
  readonly #invocation: Invocation;
  readonly #runs = new WeakMap<CommandContext, Run>();

  constructor(
    instance: object,
    methodName: string,
    readonly metadata: CommandMetadata,
    private readonly parts: CommandHandlerParts,
  ) {
    this.#invocation = parts.invoker.bind(instance, methodName, (call, args) => this.#around(call, args));
  }

  start(data: unknown, context: CommandContext): { readonly run: CommandRun; readonly result: Promise<unknown> } {
    const run = new Run();
    this.#runs.set(context, run);
    const cause = { commandId: context.id, principal: context.session.subject };
    const result = runWithin({ cause, command: context }, () =>
      this.#invocation(context.session, data, context, context.name),
    );
    return { run, result };
  }

  #around(call: (...args: unknown[]) => unknown, args: unknown[]): Promise<unknown> {
    const scope = ambient();
    const context = scope?.command as CommandContext;
    const run = this.#runs.get(context);
    if (!scope || !run) throw new CodedError('TRANSACTION_ENDED');
    if (this.metadata.transaction === false) return this.#withoutTransaction(run, context, () => call(...args));
    const unit = new UnitOfWork(this.parts.transactions, this.parts.maxEventsPerTransaction);
    run.unit = unit;
    const work = unit.run(
      (handle) =>
        runWithin({ ...scope, unit }, () =>
          awaited(call(...args.map((argument) => (argument === context.transactionSlot ? handle : argument)))),
        ),
      context.deadline,
    );
    run.closed = work.catch(() => {});
    return work;
  }

  async #withoutTransaction(run: Run, { deadline }: CommandContext, call: () => unknown): Promise<unknown> {
    deadline.throwIfAborted();
    // Whatever it writes is committed piece by piece: after a failure nobody can tell which pieces.
    run.direct = 'unknown';
    const result = await awaited(call());
    run.direct = 'applied';
    return result;
  }
}

/** An Observable does its work when it is subscribed to, which must happen inside the transaction. */
async function awaited(result: unknown): Promise<unknown> {
  const value: unknown = await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}
