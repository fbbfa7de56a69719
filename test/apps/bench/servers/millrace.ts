import 'reflect-metadata';
import { Injectable, Module, UseGuards, type CanActivate } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  ChannelPolicy,
  ChannelPublisher,
  Command,
  EndpointsModule,
  Gateway,
  jwt,
  MillraceDatabase,
  MillraceModule,
  Payload,
  type Policy,
} from '@millrace/nest';
import { commands, feed, PADDING_BYTES } from '../contracts.js';
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

@ChannelPolicy(feed)
class FeedPolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

@Gateway()
@UseGuards(MemberGuard)
class OrderGateway {}
declareHandlers(OrderGateway, (index) => Command(commands[index]!) as MethodDecorator, Payload());

@Module({
  imports: [
    MillraceModule.forRoot({
      postgres: { connectionString: process.env['BENCH_DATABASE_URL'] ?? '' },
      redis: { url: process.env['REDIS_URL'] ?? '' },
      authenticate: jwt({
        secret: secret(),
        issuer: 'bench',
        audience: 'bench',
        toPrincipal: ({ sub }) => ({ name: sub }),
      }),
      session: { framesPerSecond: 1_000_000, frameBurst: 1_000_000, maxCommandsInFlight: 1_000 },
      // All connections are of one user, and come at once.
      limits: {
        maxSessionsPerSubject: 1e6,
        maxSubscriptionsPerSubject: 1e6,
        connectsPerMinute: 1e6,
        connectsPerSecond: 1e6,
        commandsPerSecond: 1e6,
        subscribesPerSecond: 1e6,
        historyPagesPerSecond: 1e6,
      },
    }),
    EndpointsModule,
  ],
  providers: [OrderGateway, FeedPolicy, MemberGuard],
})
class BenchModule {}

const app = await NestFactory.create<NestExpressApplication>(BenchModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const publisher = app.get(ChannelPublisher);
const database = app.get(MillraceDatabase);
const padding = 'x'.repeat(PADDING_BYTES);
let sent = 0;

const publish = (name: string): Promise<unknown> =>
  publisher.publish(feed, { name }, 'feed.moved', { n: ++sent, padding });

answerParent({
  url: () => app.getUrl(),
  cpu: cpuMicros,
  kept: keptBytes,

  async emit({ room, bursts, size, everyMs }) {
    await paced({ rounds: bursts, everyMs }, () => Promise.all(Array.from({ length: size }, () => publish(room))));
  },

  async publishFor(forMs, inFlight) {
    const until = performance.now() + forMs;
    let count = 0;
    const sender = async (): Promise<void> => {
      for (; performance.now() < until; count++) await publish('hot');
    };
    await Promise.all(Array.from({ length: inFlight }, sender));
    return count;
  },

  async commitFor(room, count, everyMs) {
    const committedAt: [n: number, at: number][] = [];
    await paced({ rounds: count, everyMs }, async () => {
      const n = await database.transaction(async (tx) => {
        const own = ++sent;
        await tx.query('insert into bench_order (n) values ($1)', [own]);
        await publisher.publish(feed, { name: room }, 'feed.moved', { n: own, padding });
        return own;
      });
      committedAt.push([n, sharedNow()]);
    });
    return committedAt;
  },
} satisfies BenchServer);
