import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { ConsoleLogger, Logger, Module, type INestApplication, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DEFAULT_PATH,
  defineChannel,
  defineCommand,
  event,
  NAMESPACE,
  PROTOCOL_VERSION,
  wireError,
  type Answer,
} from '@millrace/protocol';
import { IsString } from 'class-validator';
import pg from 'pg';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../test/support/fresh-database.js';
import { ChannelPolicy } from './channel/channel-policy.decorator.js';
import type { Policy } from './channel/policy.js';
import { Command, Gateway, Payload } from './command/command.decorators.js';
import { MillraceModule } from './millrace.module.js';

const board = defineChannel('board.:id', { delivery: 'durable', events: { seen: event<string>() } });
const find = defineCommand<unknown, unknown>('note.find');
const fail = defineCommand<unknown, unknown>('note.fail');
const SECRET = 'no-uuid-s3cret\nFATAL: forged';
const invalid = wireError('VALUE_INVALID');

let pool: pg.Pool;
const isId = async (value: unknown): Promise<boolean> =>
  (await pool.query('select $1::text::uuid is not null as found', [value])).rows.length > 0;

class TextDto {
  @IsString() text!: string;
}

@Gateway()
class NoteGateway {
  @Command(find)
  find(@Payload() { text }: TextDto): Promise<boolean> {
    return isId(text);
  }

  @Command(fail)
  fail(@Payload() { text }: TextDto): void {
    throw new RangeError(`No note ${text}`);
  }
}

@ChannelPolicy(board)
class BoardPolicy implements Policy {
  subscribe(_principal: unknown, { id = '' }: Readonly<Record<string, string>>): Promise<boolean> {
    return isId(id);
  }
}

/** As nestjs-pino does: one line of JSON with every enumerable field of what it is given. */
class JsonLogger implements LoggerService {
  readonly #write = (level: string, entry: readonly unknown[]): void =>
    void written.push(JSON.stringify({ level, entry }));
  log = (...entry: unknown[]): void => this.#write('log', entry);
  warn = (...entry: unknown[]): void => this.#write('warn', entry);
  error = (...entry: unknown[]): void => this.#write('error', entry);
}

/** Nest's own, into memory. */
class TextLogger extends ConsoleLogger {
  protected override printMessages(messages: unknown[], _context?: string, level = 'log'): void {
    for (const message of messages) written.push(`${level} ${String(message)}`);
  }
  protected override printStackTrace(stack: string): void {
    if (stack) written.push(stack);
  }
}

const written: string[] = [];
let database: FreshDatabase;
let app: INestApplication;
let client: Socket;

beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  class MistakesModule {}
  Module({
    imports: [
      MillraceModule.forRoot({
        postgres: { connectionString: database.url },
        session: { framesPerSecond: 1_000_000, frameBurst: 1_000_000 },
        authenticate: {
          authenticate: async (token) => {
            if (token !== 'ann') await isId(token);
            return { principal: token, subject: 'ann' };
          },
        },
      }),
    ],
    providers: [NoteGateway, BoardPolicy],
  })(MistakesModule);
  app = (await Test.createTestingModule({ imports: [MistakesModule] }).compile()).createNestApplication({
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  client = connect('ann');
  await new Promise<void>((resolve) => void client.once('connect', resolve));
});

afterAll(async () => {
  client?.disconnect();
  await app?.close();
  await pool?.end();
  await database?.drop();
  Logger.overrideLogger(['log', 'warn', 'error', 'fatal']);
});

beforeEach(() => void written.splice(0));

function connect(token: string): Socket {
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return io(`http://127.0.0.1:${port}${NAMESPACE}`, {
    path: DEFAULT_PATH,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: { protocol: PROTOCOL_VERSION, token },
  });
}

const ask = (name: string, body: unknown): Promise<Answer> => client.timeout(10_000).emitWithAck(name, body);
let ids = 0;
const send = ({ name }: { readonly name: string }, text: string): Promise<Answer> =>
  ask('command', { id: `c-${++ids}`, name, data: { text } });

it('refuses what the database does not accept, and its values stay out of the logs', async () => {
  const loggers = [new TextLogger(), new JsonLogger()];
  Logger.overrideLogger({
    log: () => {},
    warn: (...entry: [string]) => loggers.forEach((logger) => logger.warn(...entry)),
    error: (...entry: [string]) => loggers.forEach((logger) => logger.error(...entry)),
  });
  expect(await send(find, SECRET)).toEqual({ ok: false, error: { ...invalid, outcome: 'not-applied' } });
  expect(await send(find, 'NUL \0')).toEqual({ ok: false, error: { ...invalid, outcome: 'not-applied' } });
  const item = { channel: 'board.no-uuid-s3cret', sid: 1 };
  expect(await ask('subscribe', { items: [item] })).toMatchObject({ items: [{ outcome: 'refused', error: invalid }] });
  expect(await ask('history', { channel: item.channel, limit: 1 })).toEqual({ ok: false, error: invalid });
  expect(await ask('authenticate', { token: SECRET })).toEqual({ ok: false, error: invalid });
  const stranger = connect('s3cret');
  const refusal = await new Promise((resolve) => void stranger.once('connect_error', resolve));
  expect(refusal).toMatchObject({ data: invalid });
  // The name of a channel is no secret.
  const text = written.join('\n').replaceAll(item.channel, 'the channel');
  expect(text.match(/SQLSTATE 22P02/g)?.length).toBeGreaterThanOrEqual(loggers.length);
  expect(text).not.toMatch(/s3cret|FATAL|\n {4}at |string_to_uuid/);
});

it('writes less than 10 kB for 1,000 commands that fail', async () => {
  Logger.overrideLogger(new TextLogger());
  const answers: Answer[] = [];
  for (let from = 0; from < 1_000; from += 20) {
    const names = Array.from({ length: 20 }, (_, index) => `${from + index}\nFATAL: forged`);
    answers.push(...(await Promise.all(names.map((name) => send(fail, name)))));
  }
  const errorIds = new Set(answers.map((answer) => (answer.ok ? 'ok' : answer.error.errorId)));
  const text = written.join('\n');
  expect(text.length).toBeLessThan(10_000);
  expect(text).not.toContain('\nFATAL');
  // Each client finds an entry under the id that it was told.
  expect([...errorIds].filter((id) => !text.includes(`errorId ${id ?? 'none'}`))).toEqual([]);
});
