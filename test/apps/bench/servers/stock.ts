import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Injectable, Module, UseGuards, UsePipes, ValidationPipe, type CanActivate } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { jwtVerify } from 'jose';
import pg from 'pg';
import type { Namespace, Server, ServerOptions } from 'socket.io';
import { COMMANDS, PADDING_BYTES } from '../contracts.js';
import { declareHandlers } from '../handlers.js';
import { paced } from '../pace.js';
import { answerParent } from '../remote.js';
import { secret } from '../token.js';
import { cpuMicros, keptBytes, sharedNow } from '../usage.js';
import type { BenchServer } from './bench-server.js';

@Injectable()
class MemberGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const key = new TextEncoder().encode(secret());

/** What most people write: a handler for each message, a guard, a ValidationPipe, a room for each channel. */
@WebSocketGateway({ path: '/realtime', namespace: '/realtime' })
@UseGuards(MemberGuard)
@UsePipes(new ValidationPipe({ transform: true, whitelist: true }))
class OrderGateway {
  @WebSocketServer() readonly namespace!: Namespace;

  afterInit(namespace: Namespace): void {
    namespace.use((socket, next) => {
      const { token } = socket.handshake.auth as { token: string };
      jwtVerify(token, key, { issuer: 'bench', audience: 'bench', algorithms: ['HS256'] }).then(
        ({ payload }) => {
          socket.data.user = { name: payload.sub };
          next();
        },
        (error: Error) => next(error),
      );
    });
    namespace.on('connection', (socket) => {
      socket.on('subscribe', ({ room }: { room: string }, done: () => void) => {
        void socket.join(room);
        done();
      });
    });
  }
}
declareHandlers(OrderGateway, (index) => SubscribeMessage(COMMANDS[index]), MessageBody());

@Module({ providers: [OrderGateway, MemberGuard] })
class BenchModule {}

const redis = [0, 1].map(() => new Redis(process.env['REDIS_URL'] ?? ''));

class RedisIoAdapter extends IoAdapter {
  override createIOServer(port: number, options: ServerOptions): Server {
    const server = super.createIOServer(port, {
      ...options,
      // As Millrace has them.
      transports: ['websocket'],
      pingInterval: 10_000,
      pingTimeout: 8_000,
    });
    server.adapter(createAdapter(redis[0], redis[1]));
    return server;
  }
}

const app = await NestFactory.create<NestExpressApplication>(BenchModule, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new RedisIoAdapter(app));
await app.listen(0, '127.0.0.1');
const { namespace } = app.get(OrderGateway);
const pool = new pg.Pool({ connectionString: process.env['BENCH_DATABASE_URL'], max: 10 });
const padding = 'x'.repeat(PADDING_BYTES);
const epoch = randomUUID().slice(0, 16);
let sent = 0;

/** The very frame that Millrace sends, so that both move the same bytes. */
const emit = (room: string, n: number): void => {
  const event = {
    offset: n,
    id: randomUUID(),
    type: 'feed.moved',
    time: Date.now(),
    data: JSON.stringify({ n, padding }),
  };
  namespace.to(room).emit('events', { channel: `feed.${room}`, epoch, prev: n - 1, events: [event] });
};

answerParent({
  url: () => app.getUrl(),
  cpu: cpuMicros,
  kept: keptBytes,

  async emit({ room, bursts, size, everyMs }) {
    await paced({ rounds: bursts, everyMs }, () => {
      for (let index = 0; index < size; index++) emit(room, ++sent);
    });
  },

  /** One row, one commit, one after another on one connection. */
  async publishFor(forMs) {
    const client = await pool.connect();
    const until = performance.now() + forMs;
    let count = 0;
    for (; performance.now() < until; count++) {
      const data = JSON.stringify({ n: ++sent, padding });
      await client.query('insert into bench_event (id, type, data) values ($1, $2, $3)', [
        randomUUID(),
        'feed.moved',
        data,
      ]);
    }
    client.release();
    return count;
  },

  async commitFor(room, count, everyMs) {
    const committedAt: [n: number, at: number][] = [];
    await paced({ rounds: count, everyMs }, async () => {
      const n = ++sent;
      const client = await pool.connect();
      await client.query('begin');
      await client.query('insert into bench_order (n) values ($1)', [n]);
      await client.query('commit');
      client.release();
      committedAt.push([n, sharedNow()]);
      emit(room, n);
    });
    return committedAt;
  },
} satisfies BenchServer);
