import 'reflect-metadata';
import { Module, type INestApplication, type Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import type { Namespace, Server } from 'socket.io';
import { afterEach, describe, expect, it } from 'vitest';
import { silentRecorder } from '../telemetry/recorder.js';
import { RealtimeIoAdapter } from './realtime-io-adapter.js';
import { defaultSessionOptions } from './session.options.js';

const open: INestApplication[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

const order: string[] = [];

@WebSocketGateway({ namespace: '/desk' })
class DeskGateway implements OnGatewayInit<Namespace> {
  namespace: Namespace | undefined;

  afterInit(namespace: Namespace): void {
    order.push('afterInit');
    this.namespace = namespace;
  }

  onModuleInit(): void {
    order.push('onModuleInit');
  }
}

const adapterProvider: Provider = {
  provide: RealtimeIoAdapter,
  inject: [HttpAdapterHost, ApplicationConfig],
  useFactory: (host: HttpAdapterHost, config: ApplicationConfig) => {
    const adapter = new RealtimeIoAdapter(host, defaultSessionOptions, silentRecorder);
    config.setIoAdapter(adapter);
    return adapter;
  },
};

async function boot(...providers: Provider[]): Promise<INestApplication> {
  order.length = 0;
  class DeskModule {}
  Module({ providers })(DeskModule);
  const app = await NestFactory.create(DeskModule, { logger: false });
  open.push(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

const serverOf = (app: INestApplication): Server => app.get(DeskGateway).namespace!.server;

describe('the adapter that a provider factory sets', () => {
  it('is the one that Nest uses, on the application’s own HTTP server', async () => {
    const app = await boot(adapterProvider, DeskGateway);
    const { opts } = serverOf(app).engine as unknown as { opts: Record<string, unknown> };
    expect(opts).toMatchObject({
      transports: ['websocket'],
      pingInterval: defaultSessionOptions.heartbeatIntervalMs,
      pingTimeout: defaultSessionOptions.heartbeatTimeoutMs,
      maxHttpBufferSize: defaultSessionOptions.maxFrameBytes,
      perMessageDeflate: false,
    });
    expect(serverOf(app).httpServer).toBe(app.getHttpServer());
    expect(app.get(ApplicationConfig, { strict: false }).getIoAdapter()).toBe(app.get(RealtimeIoAdapter));
  });

  it('gives way to one that the application sets later', async () => {
    order.length = 0;
    class DeskModule {}
    Module({ providers: [adapterProvider, DeskGateway] })(DeskModule);
    const app = await NestFactory.create(DeskModule, { logger: false });
    open.push(app);
    const own = new IoAdapter(app);
    app.useWebSocketAdapter(own);
    await app.listen(0, '127.0.0.1');
    expect(app.get(ApplicationConfig, { strict: false }).getIoAdapter()).toBe(own);
  });
});

describe('a gateway', () => {
  it('has its namespace before onModuleInit, so what fails there fails the boot', async () => {
    await boot(adapterProvider, DeskGateway);
    expect(order).toEqual(['afterInit', 'onModuleInit']);
  });

  it('is connected only when its provider is the class itself', async () => {
    const app = await boot(adapterProvider, { provide: DeskGateway, useFactory: () => new DeskGateway() });
    expect(app.get(DeskGateway).namespace).toBeUndefined();
  });

  it('and its server are closed with the application, also when that forces connections to close', async () => {
    class DeskModule {}
    Module({ providers: [adapterProvider, DeskGateway] })(DeskModule);
    const app = await NestFactory.create(DeskModule, { logger: false, forceCloseConnections: true });
    await app.listen(0, '127.0.0.1');
    let closed = 0;
    const { adapter } = app.get(DeskGateway).namespace!;
    const close = adapter.close.bind(adapter);
    adapter.close = () => {
      closed++;
      return close();
    };
    await app.close();
    expect(closed).toBe(1);
  });
});
