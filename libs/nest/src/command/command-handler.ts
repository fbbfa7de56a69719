import { from, fromEvent, isObservable, lastValueFrom, takeUntil, type Observable } from 'rxjs';
import type { CommandOutcome } from '@millrace/protocol';
import type { Deadline } from '../core/deadline.js';
import type { Invocation, NestInvoker } from '../session/nest-invoker.js';
import type { Ambient, AmbientScope } from '../stream/transaction/ambient.js';
import { LazyTransaction } from '../stream/transaction/lazy-transaction.js';
import type { TransactionPort } from '../stream/transaction/transaction.port.js';
import { TransactionRun } from '../stream/transaction/transaction-run.js';
import type { UnitOfWork } from '../stream/transaction/unit-of-work.js';
import type { CommandMetadata } from './command.metadata.js';
import type { CommandParameters } from './command-parameters.js';
import type { HandlerRun, RunningCommand } from './running-command.js';
import { LineLogger } from '../core/log/line-logger.js';

export interface CommandHandlerParts {
  readonly invoker: NestInvoker;
  readonly transactions: TransactionPort;
  readonly ambient: AmbientScope;
  readonly maxEventsPerTransaction: number;
}

/** The method under `@Command()`. */
export interface CommandMethod {
  readonly instance: object;
  readonly name: string;
  readonly metadata: CommandMetadata;
  readonly parameters: CommandParameters;
}

/** One method under `@Command()`, with Nest's enhancers outside and its transaction inside. */
export class CommandHandler {
  readonly metadata: CommandMetadata;
  readonly parameters: CommandParameters;
  readonly #invocation: Invocation;
  #isWarned = false;

  constructor(
    { instance, name, metadata, parameters }: CommandMethod,
    private readonly parts: CommandHandlerParts,
  ) {
    this.metadata = metadata;
    this.parameters = parameters;
    this.#invocation = parts.invoker.bind(instance, name, (call, args) => this.#around(call, args));
  }

  /** The answer as Nest's enhancers leave it; a filter may answer with an Observable too. */
  start(data: unknown, command: RunningCommand): Promise<unknown> {
    const { session, name } = command;
    const work = () => this.#invocation(session, data, command, name);
    const answer = this.parts.ambient.run(ambientOf(command), work);
    return command.holdPlace(valueOf(answer, command));
  }

  /** Says which command it is from the arguments: an interceptor that queues may run it in another one's context. */
  #around(call: (...args: unknown[]) => unknown, args: unknown[]): Promise<unknown> {
    const command = this.parameters.commandIn(args);
    const work = (handle?: unknown): Promise<unknown> => {
      const running = attempt(() => call(...this.parameters.given(args, handle)));
      return command.holdPlace(valueOf(running, command));
    };
    return this.metadata.transaction === false
      ? this.#withoutTransaction(command, work)
      : this.#transact(command, work);
  }

  #transact(command: RunningCommand, work: (handle: unknown) => Promise<unknown>): Promise<unknown> {
    const { transactions, maxEventsPerTransaction } = this.parts;
    const run = new TransactionRun(transactions, maxEventsPerTransaction, `command ${this.metadata.name}`);
    command.begin(run);
    const ambient = ambientOf(command);
    const attemptOne = (handle: unknown, unit: UnitOfWork): Promise<unknown> => {
      if (!this.#isWarned) unit.afterCommit(() => this.#checkWrites(handle, unit));
      return this.parts.ambient.run({ ...ambient, unit }, () => work(handle));
    };
    return command.holdAnswer(run.run(attemptOne, command.limit));
  }

  /** Only Millrace's own handle tells; whoever has a port has chosen where the writes go. */
  #checkWrites(handle: unknown, unit: UnitOfWork): void {
    if (this.#isWarned || unit.staged.length === 0) return;
    if (!(handle instanceof LazyTransaction) || handle.isUsed || unit.isUsed) return;
    this.#isWarned = true;
    new LineLogger().warn(
      `command ${this.metadata.name} published an event, but ran no statement in its transaction. If it writes through a ` +
        'connection of its own, as TypeORM, Prisma and MikroORM do, these writes and the event are not atomic: give the ' +
        'module a TransactionPort (option `transactions`), or publish with { tx }. If it writes nothing, ' +
        '@Command(…, { transaction: false }) says so',
    );
  }

  async #withoutTransaction(command: RunningCommand, work: () => Promise<unknown>): Promise<unknown> {
    command.limit.throwIfPassed();
    // Whatever it writes is committed piece by piece: after a failure nobody can tell which pieces.
    const run: { outcome: CommandOutcome } & HandlerRun = { outcome: 'unknown', staged: [] };
    command.begin(run);
    const result = await this.parts.ambient.run(ambientOf(command), work);
    run.outcome = 'applied';
    return result;
  }
}

function ambientOf({ id, session }: RunningCommand): Ambient {
  return { cause: { commandId: id, principal: session.subject }, payer: session.payer };
}

/** What it throws becomes a rejection, without the promises that `async` makes of one that is returned. */
function attempt(work: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** An Observable does its work while somebody is subscribed: inside the transaction, and not past the deadline. */
function valueOf(result: Promise<unknown>, { limit }: RunningCommand): Promise<unknown> {
  return result.then((value) => (isObservable(value) ? lastOf(value, limit) : value));
}

async function lastOf(value: Observable<unknown>, limit: Deadline): Promise<unknown> {
  if (!limit.hasPassed) {
    const passed = fromEvent(limit.signal, 'abort');
    return lastValueFrom(from(value).pipe(takeUntil(passed)), { defaultValue: undefined });
  }
  // It may stand for a promise, which would end the process should it reject with nobody listening.
  from(value)
    .subscribe({ error: () => {} })
    .unsubscribe();
  return undefined;
}
