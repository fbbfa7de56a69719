import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import {
  HttpException,
  Injectable,
  Logger,
  Module,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  DEFAULT_PATH,
  defineChannel,
  defineCommand,
  event,
  NAMESPACE,
  PROTOCOL_VERSION,
  type Answer,
} from '@millrace/protocol';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../test/support/fresh-database.js';
import { ChannelPolicy } from './channel/channel-policy.decorator.js';
import type { Policy } from './channel/policy.js';
import { Command, Gateway } from './command/command.decorators.js';
import { MillraceModule } from './millrace.module.js';

const board = defineChannel('board.:name', { delivery: 'durable', events: { 'note.written': event<string>() } });
const write = defineCommand<unknown, string>('note.write');

@Gateway()
class BoardGateway {
  @Command(write)
  write(): string {
    return 'written';
  }
}

@ChannelPolicy(board)
class BoardPolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

/** As in Nest's documentation: right for HTTP, and there is no request on a socket. */
@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return request.headers['authorization']?.startsWith('Bearer ') ?? false;
  }
}

@Injectable()
class LimitGuard implements CanActivate {
  canActivate(): boolean {
    throw new HttpException({ message: 'Ten notes a minute', retryAfter: 6 }, 429);
  }
}

let database: FreshDatabase;
let app: INestApplication | undefined;
let client: Socket | undefined;
let logged: string[];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  logged = [];
  vi.spyOn(Logger.prototype, 'error').mockImplementation((text: unknown) => void logged.push(String(text)));
});
afterEach(async () => {
  client?.disconnect();
  await app?.close();
  vi.restoreAllMocks();
});
afterAll(() => database?.drop());

async function connect(guard: new () => CanActivate): Promise<(name: string, body: object) => Promise<Answer>> {
  const millrace = MillraceModule.forRoot({
    postgres: { connectionString: database.url },
    authenticate: { authenticate: (token) => Promise.resolve({ principal: token, subject: token }) },
  });
  class GuardedModule {}
  Module({ imports: [millrace], providers: [BoardGateway, BoardPolicy, { provide: APP_GUARD, useClass: guard }] })(
    GuardedModule,
  );
  const tested = await Test.createTestingModule({ imports: [GuardedModule] }).compile();
  const started = tested.createNestApplication({ logger: false });
  app = started;
  await started.listen(0, '127.0.0.1');
  const { port } = (started.getHttpServer() as Server).address() as AddressInfo;
  const socket = io(`http://127.0.0.1:${port}${NAMESPACE}`, {
    path: DEFAULT_PATH,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: { protocol: PROTOCOL_VERSION, token: 'ann' },
  });
  client = socket;
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return (name, body) => socket.timeout(10_000).emitWithAck(name, body) as Promise<Answer>;
}

const items = [
  { channel: 'board.red', sid: 1 },
  { channel: 'board.blue', sid: 2 },
];

describe('with a global guard', () => {
  it('that is written for HTTP, subscriptions and commands hear of a fault, and the log names the guard once', async () => {
    const ask = await connect(TokenGuard);
    await ask('subscribe', { items });
    const errorId = /errorId ([\w-]+)/.exec(logged[0] ?? '')?.[1] ?? 'none';
    const fault = { code: 'INTERNAL', errorId };
    const later = { ...fault, retry: 'backoff', retryAfterMs: 30_000 };
    expect(await ask('subscribe', { items })).toMatchObject({
      ok: true,
      items: items.map(({ sid }) => ({ sid, outcome: 'refused', error: later })),
    });
    expect(await ask('history', { channel: 'board.red', limit: 1 })).toMatchObject({ ok: false, error: later });
    for (const id of ['a', 'b']) {
      expect(await ask('command', { id, name: write.name, data: {} })).toMatchObject({
        ok: false,
        error: { ...fault, retry: 'never', outcome: 'not-applied' },
      });
    }
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('guard TokenGuard');
    expect(logged[0]).toContain("if (context.getType() !== 'http')");
  });

  it('that limits its callers, they hear so in its own words', async () => {
    const ask = await connect(LimitGuard);
    const limited = { code: 'TOO_MANY_REQUESTS', message: 'Ten notes a minute', retry: 'backoff', retryAfterMs: 6_000 };
    expect(await ask('command', { id: 'a', name: write.name, data: {} })).toMatchObject({
      ok: false,
      error: { ...limited, status: 429, outcome: 'not-applied' },
    });
    expect(await ask('subscribe', { items })).toMatchObject({ items: items.map(() => ({ error: limited })) });
    expect(logged).toEqual([]);
  });
});
