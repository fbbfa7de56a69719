import { Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ExternalContextCreator } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import type { CommandAnswer, CommandContract, WireError } from '@millrace/protocol';
import { systemClock, type Clock } from '../../core/clock.js';
import { randomIds } from '../../core/ids.js';
import { CodedAnswer } from '../../session/coded-answer.js';
import { NestInvoker } from '../../session/nest-invoker.js';
import type { Session } from '../../session/session.js';
import { ChannelPublisher } from '../../stream/channel-publisher.js';
import type { SqlDatabase } from '../../stream/sql-database.port.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import { DatabaseTransactions } from '../../stream/transaction/database-transactions.js';
import type { TransactionPort } from '../../stream/transaction/transaction.port.js';
import { CommandExplorer } from '../command-explorer.js';
import { CommandRoute } from '../command-route.js';
import { defaultCommandOptions, type CommandOptions } from '../command.options.js';
import { FakeSession } from './fake-session.js';

export interface CommandBenchOptions {
  readonly database: SqlDatabase;
  readonly providers: Provider[];
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly publisher?: ChannelPublisher;
  readonly transactions?: TransactionPort;
  readonly clock?: Clock;
  readonly command?: Partial<CommandOptions>;
  readonly maxCommandsInFlight?: number;
  readonly maxEventsPerTransaction?: number;
}

/** As it goes over the wire. */
export type WireAnswer = { readonly ok: true } & CommandAnswer;
export type WireFailure = { readonly ok: false; readonly error: WireError };

@Module({ imports: [DiscoveryModule] })
class Discovering {}

/** Commands in a real Nest application context, without sockets. */
export class CommandBench {
  readonly recorder = new MemoryRecorder();
  readonly route: CommandRoute;
  readonly session = new FakeSession();
  readonly #answers = new CodedAnswer(randomIds);
  #lastId = 0;

  private constructor(
    readonly module: TestingModule,
    options: CommandBenchOptions,
  ) {
    this.route = new CommandRoute({
      answers: this.#answers,
      recorder: this.recorder,
      clock: options.clock ?? systemClock,
      options: { ...defaultCommandOptions, ...options.command },
      maxCommandsInFlight: options.maxCommandsInFlight ?? 32,
      bounds: { maxDepth: 32, maxNodes: 10_000 },
    });
    new CommandExplorer(module.get(DiscoveryService, { strict: false }), this.route, {
      invoker: new NestInvoker(module.get(ExternalContextCreator, { strict: false })),
      ambient: options.database.ambient,
      transactions: options.transactions ?? new DatabaseTransactions(options.database),
      maxEventsPerTransaction: options.maxEventsPerTransaction ?? 1_000,
    }).bind();
  }

  static async boot(options: CommandBenchOptions): Promise<CommandBench> {
    const { imports = [], providers, publisher } = options;
    const module = await Test.createTestingModule({
      imports: [Discovering, ...imports],
      providers: [...providers, ...(publisher ? [{ provide: ChannelPublisher, useValue: publisher }] : [])],
    }).compile();
    return new CommandBench(module, options);
  }

  /** Sends a command as a client would, and answers as the session would. */
  async send(
    { name }: Pick<CommandContract, 'name'>,
    data?: unknown,
    { id = `c${++this.#lastId}`, session = this.session }: { readonly id?: string; readonly session?: Session } = {},
  ): Promise<WireAnswer | WireFailure> {
    try {
      return { ok: true, ...(await this.route.handle(session, { id, name, data })) };
    } catch (error) {
      return { ok: false, error: this.#answers.of(error, 'command') };
    }
  }
}
