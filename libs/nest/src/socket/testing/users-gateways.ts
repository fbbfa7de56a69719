import { EventEmitter } from 'node:events';
import type { Type } from '@nestjs/common';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayInit,
} from '@nestjs/websockets';
import type { Namespace, Server, ServerOptions, Socket } from 'socket.io';

/** A parser of the application's own: each packet is JSON. */
class JsonEncoder {
  encode(packet: unknown): string[] {
    return [JSON.stringify(packet)];
  }
}

class JsonDecoder extends EventEmitter {
  add(text: string): void {
    this.emit('decoded', JSON.parse(text));
  }

  destroy(): void {}
}

/**
 * The options that a gateway of an application may have, in a few groups at paths of their own: Node warns of more than
 * ten servers on one HTTP server.
 */
export const optionsUnderTest = {
  '/full': {
    cors: { origin: 'https://page.example', credentials: true },
    maxHttpBufferSize: 100,
    pingInterval: 111,
    pingTimeout: 222,
    serveClient: true,
    allowEIO3: true,
    connectionStateRecovery: {},
    cookie: { name: 'own' },
    perMessageDeflate: true,
    allowUpgrades: false,
  },
  '/nobody': { allowRequest: (_request, decide) => decide('not today', false) },
  '/polling': { transports: ['polling'] },
  '/parsed': { parser: { Encoder: JsonEncoder, Decoder: JsonDecoder } },
  '/realtime/below': {},
  '/realtime-x': { addTrailingSlash: false, transports: ['websocket'], serveClient: false },
} satisfies Record<string, Partial<ServerOptions>>;

/** What the suites of Socket.IO want of their server. */
const suite: Partial<ServerOptions> = { connectTimeout: 1_000, maxHttpBufferSize: 1e6 };

export function usersGateways(ownPort: number): Type[] {
  // Spelled out, which is the same as not: the first one met decides the options of all at this path.
  @WebSocketGateway({ path: '/socket.io', ...suite })
  class Root implements OnGatewayInit<Server> {
    @WebSocketServer() server!: Server;

    afterInit(server: Server): void {
      server.on('connection', echo);
    }
  }
  @WebSocketGateway({ path: '/socket.io', ...suite, namespace: '/custom' })
  class Custom implements OnGatewayInit<Namespace> {
    afterInit(namespace: Namespace): void {
      namespace.on('connection', echo);
    }
  }
  // The name of Millrace's namespace, on a server of the application.
  @WebSocketGateway({ path: '/socket.io', ...suite, namespace: 'realtime' })
  class SameName {
    @SubscribeMessage('say')
    say(@MessageBody() text: string): string {
      return `heard ${text}`;
    }
  }
  @WebSocketGateway({ path: '/socket.io', ...suite, namespace: '/guarded' })
  class Guarded implements OnGatewayInit<Namespace> {
    afterInit(namespace: Namespace): void {
      namespace.use((_socket, next) => next(Object.assign(new Error('not you'), { data: { why: 'test' } })));
    }
  }
  @WebSocketGateway(ownPort, { path: '/elsewhere', pingInterval: 200, pingTimeout: 1_500 })
  class OwnPort {}
  const withOptions = Object.entries(optionsUnderTest).map(([path, options]) => {
    class Optioned {
      @SubscribeMessage('say')
      say(@MessageBody() text: string): string {
        return `heard ${text}`;
      }
    }
    Reflect.defineMetadata('design:paramtypes', [String], Optioned.prototype, 'say');
    WebSocketGateway({ path, ...options })(Optioned);
    return Optioned;
  });
  return [Root, Custom, SameName, Guarded, OwnPort, ...withOptions];
}

function echo(socket: Socket): void {
  socket.emit('auth', socket.handshake.auth);
  socket.on('message', (...said: unknown[]) => socket.emit('message-back', ...said));
  socket.on('message-with-ack', (...said: unknown[]) => {
    const answer = said.pop() as (...said: unknown[]) => void;
    answer(...said);
  });
}
