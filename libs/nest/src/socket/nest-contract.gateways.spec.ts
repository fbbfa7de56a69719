import 'reflect-metadata';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { GATEWAY_METADATA, GATEWAY_OPTIONS, GATEWAY_SERVER_METADATA, PORT_METADATA } from '@nestjs/websockets/internal';
import type { Server } from 'socket.io';
import { afterEach, describe, expect, it } from 'vitest';

const open: INestApplication[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function boot(...providers: readonly Type[]): Promise<INestApplication> {
  class Root {}
  Module({ providers: [...providers] })(Root);
  const app = await NestFactory.create(Root, { logger: false });
  open.push(app);
  return app.init();
}

describe('Nest, where its documentation says nothing', () => {
  it('leaves on a gateway its port, its options and which of its properties is the server', () => {
    @WebSocketGateway(81, { path: '/desk' })
    class Desk {
      @WebSocketServer() server!: Server;
    }
    expect(Reflect.getMetadata(GATEWAY_METADATA, Desk)).toBe(true);
    expect(Reflect.getMetadata(PORT_METADATA, Desk)).toBe(81);
    expect(Reflect.getMetadata(GATEWAY_OPTIONS, Desk)).toEqual({ path: '/desk' });
    expect(Reflect.hasMetadata(GATEWAY_SERVER_METADATA, new Desk(), 'server')).toBe(true);
  });

  it('gives gateways their server before onModuleInit, on the HTTP server of the application', async () => {
    const seen: unknown[] = [];
    @WebSocketGateway({ path: '/desk' })
    class Desk {
      @WebSocketServer() server!: Server;

      constructor(private readonly host: HttpAdapterHost) {}

      onModuleInit(): void {
        seen.push(this.server.path(), this.server.httpServer, this.host.httpAdapter.getHttpServer());
      }
    }
    Reflect.defineMetadata('design:paramtypes', [HttpAdapterHost], Desk);
    const app = await boot(Desk);
    expect(seen).toEqual(['/desk', app.getHttpServer(), app.getHttpServer()]);
  });

  it('waits for beforeApplicationShutdown before it closes its HTTP server', async () => {
    const listening: boolean[] = [];
    class Last {
      constructor(private readonly host: HttpAdapterHost) {}

      async beforeApplicationShutdown(): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 20));
        listening.push((this.host.httpAdapter.getHttpServer() as { listening: boolean }).listening);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [HttpAdapterHost], Last);
    const app = await boot(Last);
    await app.listen(0, '127.0.0.1');
    await app.close();
    open.length = 0;
    expect(listening).toEqual([true]);
  });
});
