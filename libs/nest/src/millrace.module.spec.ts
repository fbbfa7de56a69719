import 'reflect-metadata';
import { Module, type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, ServerOptions } from 'socket.io';
import { describe, expect, it } from 'vitest';
import { AdminModule } from './admin/admin.module.js';
import { ChannelAccess } from './channel/channel-access.js';
import { BootError } from './core/boot-error.js';
import { EndpointsModule } from './health/endpoints.module.js';
import { StreamHealth } from './health/stream-health.js';
import { MillraceModule } from './millrace.module.js';
import type { PublisherOptions } from './millrace.options.js';
import { RingLifecycle } from './ring-lifecycle.js';
import { SessionGateway } from './session/session.gateway.js';
import { ChannelPublisher } from './stream/channel-publisher.js';

const authenticate = { authenticate: () => Promise.reject(new Error('not asked here')) };
/** Nobody listens there: whatever is put together wrongly must be said before the database is asked. */
const options = {
  postgres: { connectionString: 'postgres://127.0.0.1:1/none' },
  authenticate,
  stream: { bootTimeoutMs: 0 },
};

async function expectRefused(
  root: Type,
  message: string | RegExp,
  prepare: (app: INestApplication) => void = () => {},
): Promise<void> {
  const booted = NestFactory.create(root, { logger: false, abortOnError: false }).then((app) => {
    prepare(app);
    return app.init();
  });
  await expect(booted).rejects.toThrow(BootError);
  await expect(booted).rejects.toThrow(message);
}

describe('the boot stops', () => {
  it('for a module that is set up twice', async () => {
    @Module({ imports: [MillraceModule.forRoot(options)] })
    class Feature {}
    @Module({ imports: [Feature, MillraceModule.forRootAsync({ useFactory: () => options })] })
    class Root {}
    await expectRefused(Root, 'forRootAsync() is called more than once (in Root, Feature)');
  });

  it.each<[string, readonly DynamicModule[], string]>([
    [
      'forPublisher() beside forRoot()',
      [MillraceModule.forRoot(options), MillraceModule.forPublisher({ postgres: options.postgres })],
      'remove forPublisher()',
    ],
    [
      'forPublisher() before forRootAsync()',
      [
        MillraceModule.forPublisherAsync({ useFactory: () => ({ postgres: options.postgres }) }),
        MillraceModule.forRootAsync({ useFactory: () => options }),
      ],
      'remove forPublisher()',
    ],
    [
      'forPublisher() for two databases',
      ['a', 'b'].map((name) => MillraceModule.forPublisher({ postgres: { connectionString: `postgres://x/${name}` } })),
      'MillraceModule.forPublisher() is called more than once',
    ],
    [
      'forRoot() for two databases',
      ['a', 'b'].map((name) =>
        MillraceModule.forRoot({ authenticate, postgres: { connectionString: `postgres://x/${name}` } }),
      ),
      'MillraceModule.forRoot() or forRootAsync() is called more than once',
    ],
  ])('for two in one container: %s, at any depth', async (_, [first, second], message) => {
    @Module({ imports: [second!] })
    class Deep {}
    @Module({ imports: [Deep] })
    class Feature {}
    @Module({ imports: [first!, Feature] })
    class Root {}
    await expectRefused(Root, message);
    @Module({ imports: [first!, second!] })
    class Flat {}
    await expectRefused(Flat, '(in Flat)');
  });

  it('for a module without options, in a feature or alone', async () => {
    @Module({ imports: [MillraceModule] })
    class Feature {}
    @Module({ imports: [Feature, MillraceModule.forRoot(options)] })
    class Root {}
    await expectRefused(Root, 'imported without options (in Feature): import MillraceModule.forRoot()');
    await expectRefused(Feature, 'imported without options (in Feature): import MillraceModule.forRoot()');
  });

  it.each(['/realtime', '/realtime/'])('for a gateway of somebody else at its path, as %s', async (path) => {
    @WebSocketGateway({ path })
    class Chat {}
    @Module({ imports: [MillraceModule.forRoot(options)], providers: [Chat] })
    class Root {}
    await expectRefused(Root, 'Chat is a @WebSocketGateway() at the path /realtime');
  });

  it('for a gateway without a path at the path that Millrace was given', async () => {
    @WebSocketGateway()
    class Chat {}
    const session = { path: '/socket.io' };
    @Module({ imports: [MillraceModule.forRoot({ ...options, session })], providers: [Chat] })
    class Root {}
    await expectRefused(Root, 'Chat is a @WebSocketGateway() at the path /socket.io');
  });

  it('for a gateway that the adapter of the application puts at its path', async () => {
    class OwnAdapter extends IoAdapter {
      override createIOServer(port: number, given?: ServerOptions): Server {
        return super.createIOServer(port, { ...given, path: '/realtime' } as ServerOptions);
      }
    }
    @WebSocketGateway()
    class Chat {
      @WebSocketServer() server: unknown;
    }
    @Module({ imports: [MillraceModule.forRoot(options)], providers: [Chat] })
    class Root {}
    await expectRefused(Root, 'Chat is a @WebSocketGateway() at the path /realtime', (app) => {
      app.useWebSocketAdapter(new OwnAdapter(app));
    });
  });

  it('for options that no factory gave', async () => {
    @Module({ imports: [MillraceModule.forRootAsync({ useFactory: () => undefined as never })] })
    class Root {}
    await expectRefused(Root, 'useFactory returned nothing');
  });

  it('for nothing else: gateways elsewhere are let be', async () => {
    @WebSocketGateway()
    class Below {}
    @WebSocketGateway({ namespace: 'realtime', path: '/realtime/chat' })
    class Beside {}
    @WebSocketGateway({ path: '/', namespace: /^\/real/ })
    class Around {}
    @WebSocketGateway(3999, { path: '/realtime' })
    class OtherServer {}
    const shared = MillraceModule.forRoot(options);
    @Module({ imports: [shared] })
    class Feature {}
    @Module({ imports: [shared, Feature], providers: [Below, Beside, Around, OtherServer] })
    class Root {}
    await expectRefused(Root, 'The database of the stream cannot be used');
  });
});

describe('a process that only publishes', () => {
  const { postgres } = options;
  const refused = async (dynamic: DynamicModule, message: string): Promise<void> => {
    const booted = NestFactory.createApplicationContext(dynamic, { logger: false, abortOnError: false });
    await expect(booted).rejects.toThrow(BootError);
    await expect(booted).rejects.toThrow(message);
  };

  it.each([
    ['no database', {}, 'No database: give `postgres'],
    ['no factory’s answer', undefined, 'forPublisher() has no options'],
    ['an address that is no Redis', { postgres, redis: { url: 'http://cache' } }, '`redis.url` must be like'],
    ['an option of a node', { postgres, stream: { pageMaxEvents: 5 } }, 'There is no option `stream.pageMaxEvents`'],
    [
      'a database that is not there',
      { postgres, stream: { bootTimeoutMs: 0 } },
      'The database of the stream cannot be used',
    ],
  ])('does not boot with %s', async (_what, given, message) => {
    await refused(MillraceModule.forPublisherAsync({ useFactory: () => given as PublisherOptions }), message);
  });

  it('has no gateway, no policies and no sessions', async () => {
    @Module({ imports: [MillraceModule.forPublisher({ postgres })] })
    class Worker {}
    const app = await NestFactory.create(Worker, { logger: false, abortOnError: false });
    for (const there of [ChannelPublisher, ChannelAccess]) {
      expect(app.get(there, { strict: false })).toBeInstanceOf(there);
    }
    for (const absent of [SessionGateway, RingLifecycle]) {
      expect(() => app.get(absent, { strict: false })).toThrow('does not exist');
    }
    await app.close();
  });

  it('has endpoints, also with details, and none for operators', async () => {
    const guards = [{ canActivate: () => true }];
    const worker = MillraceModule.forPublisher({ postgres });
    @Module({ imports: [worker, EndpointsModule.register({ guards })] })
    class Worker {}
    const app = await NestFactory.create(Worker, { logger: false, abortOnError: false });
    const names = app.get(StreamHealth, { strict: false }).checks().flatMap(Object.keys);
    expect(names).toEqual(['stream', 'redis', 'clock']);
    await app.close();
    @Module({ imports: [worker, AdminModule.register({ guards })] })
    class Operated {}
    await expect(NestFactory.create(Operated, { logger: false, abortOnError: false })).rejects.toThrow('NodeAdmin');
  });
});

it('can be closed more than once', async () => {
  @Module({ imports: [MillraceModule.forRoot(options)] })
  class Root {}
  const app = await NestFactory.create(Root, { logger: false, abortOnError: false });
  // Nest says what a hook rejects with in its log alone.
  const lifecycle = app.get(RingLifecycle, { strict: false });
  await Promise.all([app.close(), lifecycle.onApplicationShutdown()]);
  await expect(lifecycle.onApplicationShutdown()).resolves.toBeUndefined();
});
