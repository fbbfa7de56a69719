import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  ChannelPolicy,
  ChannelPublisher,
  Command,
  Gateway,
  jwt,
  MillraceModule,
  Tx,
  type Policy,
  type Transaction,
} from '@millrace/nest';
import { defineChannel, defineCommand } from '@millrace/protocol';
import { feed, PADDING_BYTES } from '../contracts.js';
import { answerParent } from '../remote.js';
import { secret } from '../token.js';

const POLICY_MS = 1_000;
const EVENTS = 200;
const slow = defineChannel('slow.:name', { delivery: 'live', events: {} });
const quick = defineCommand<object, object>('quick.read');
const lazy = defineCommand<object, object>('lazy.read');

@ChannelPolicy(feed)
class FeedPolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

@ChannelPolicy(slow)
class SlowPolicy implements Policy {
  async subscribe(): Promise<boolean> {
    await sleep(POLICY_MS);
    return true;
  }
}

@Gateway()
class ReadGateway {
  @Command(quick)
  async quick(@Tx() tx: Transaction): Promise<object> {
    await tx.query('select 1', []);
    return {};
  }

  /** Holds its connection. */
  @Command(lazy)
  async lazy(@Tx() tx: Transaction): Promise<object> {
    await tx.query('select pg_sleep(1)', []);
    return {};
  }
}

@Module({
  imports: [
    MillraceModule.forRoot({
      postgres: { connectionString: process.env['BENCH_DATABASE_URL'] ?? '' },
      authenticate: jwt({
        secret: secret(),
        issuer: 'bench',
        audience: 'bench',
        toPrincipal: ({ sub }) => ({ name: sub }),
      }),
      // What rates would cut is not what is measured here.
      session: { framesPerSecond: 1_000_000, frameBurst: 1_000_000 },
    }),
  ],
  providers: [ReadGateway, FeedPolicy, SlowPolicy],
})
class FairnessModule {}

const app = await NestFactory.create<NestExpressApplication>(FairnessModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
const publisher = app.get(ChannelPublisher);
const padding = 'x'.repeat(PADDING_BYTES);
for (let n = 0; n < EVENTS; n++) await publisher.publish(feed, { name: 'shared' }, 'feed.moved', { n, padding });

const server = { url: (): Promise<string> => app.getUrl() };
export type FairnessServer = typeof server;
answerParent(server);
