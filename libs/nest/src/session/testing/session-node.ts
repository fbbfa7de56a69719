import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import { Module, type INestApplication, type NestApplicationOptions, type Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { DEFAULT_PATH, NAMESPACE, PROTOCOL_VERSION, type WireError } from '@millrace/protocol';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { ByteAccount } from '../../core/byte-account.js';
import { systemClock } from '../../core/clock.js';
import { randomIds } from '../../core/ids.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import { AuthenticateRoute } from '../authenticate-route.js';
import type { Authenticator } from '../authenticator.port.js';
import { CodedAnswer } from '../coded-answer.js';
import { FrameDispatcher } from '../frame-dispatcher.js';
import type { FrameRoute } from '../frame-route.js';
import { Identify } from '../identify.js';
import { PingRoute } from '../ping-route.js';
import { LateRefusals } from '../refusals/late-refusals.js';
import { RefusalTally } from '../refusals/refusal-tally.js';
import { ConnectLimits } from '../../limits/connect-limits.js';
import { defaultLimitOptions, type LimitOptions } from '../../limits/limits.options.js';
import { PrincipalLimits } from '../../limits/principal-limits.js';
import { SubjectRates } from '../../limits/subject-rates.js';
import { ConnectionGuards } from '../../limits/connection-guards.js';
import { RealtimeServer } from '../../socket/realtime-server.js';
import { OtherNodes } from '../rooms/other-nodes.js';
import { SessionDrain } from '../session-drain.js';
import { SessionGateway, SessionParts } from '../session.gateway.js';
import { handshakesRefused } from '../session.metrics.js';
import { defaultSessionOptions, type SessionOptions } from '../session.options.js';
import { SessionRegistry } from '../session-registry.js';
import { SlowSessions } from '../slow-sessions.js';
import { SocketRoomEmitter } from '../socket-room-emitter.js';

export interface SessionNodeOptions {
  readonly session?: Partial<SessionOptions>;
  readonly limits?: Partial<LimitOptions>;
  readonly authenticate?: Authenticator['authenticate'];
  readonly routes?: readonly FrameRoute[];
  readonly providers?: readonly Provider[];
  readonly application?: NestApplicationOptions;
}

/** The token is the name. */
const byName: Authenticator['authenticate'] = (token) =>
  Promise.resolve({ principal: { name: token }, subject: token });

/** A real Nest application with nothing but the session stage in it, on a free port of 127.0.0.1. */
export class SessionNode {
  readonly recorder = new MemoryRecorder();
  readonly registry = new SessionRegistry(this.recorder);
  readonly emitter = new SocketRoomEmitter();
  readonly interrupted: string[] = [];
  readonly slowSessions: SlowSessions;
  readonly #clients: Socket[] = [];
  readonly #options: SessionOptions;
  #app: INestApplication | undefined;

  private constructor(private readonly given: SessionNodeOptions) {
    this.#options = { ...defaultSessionOptions, ...given.session };
    this.slowSessions = new SlowSessions({
      account: new ByteAccount(Infinity),
      registry: this.registry,
      liveFlow: {
        interrupt: (session) => {
          this.interrupted.push(session.id);
          session.leave('room');
          return ['desk.SFO'];
        },
      },
      recorder: this.recorder,
      clock: systemClock,
      random: Math.random,
    });
  }

  static async start(given: SessionNodeOptions = {}): Promise<SessionNode> {
    const node = new SessionNode(given);
    await node.#start();
    return node;
  }

  async #start(): Promise<void> {
    const app = await NestFactory.create(this.#module(), {
      logger: false,
      abortOnError: false,
      ...this.given.application,
    });
    this.#app = app;
    await app.listen(0, '127.0.0.1');
  }

  get app(): INestApplication {
    if (!this.#app) throw new Error('The node has not started');
    return this.#app;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** TCP connections that are open, whatever Socket.IO thinks of them. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  get #server(): Server {
    return this.app.getHttpServer() as Server;
  }

  get drain(): SessionDrain {
    return this.app.get(SessionDrain);
  }

  connect(
    auth: Readonly<Record<string, unknown>> = { token: 'ann' },
    options: Partial<ManagerOptions & SocketOptions> = {},
    namespace: string = NAMESPACE,
  ): Socket {
    const client = io(`http://127.0.0.1:${this.port}${namespace}`, {
      path: DEFAULT_PATH,
      transports: ['websocket'],
      auth: { protocol: PROTOCOL_VERSION, ...auth },
      reconnection: false,
      forceNew: true,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    this.slowSessions.stop();
    for (const client of this.#clients) client.disconnect();
    await this.#app?.close();
  }

  #module(): object {
    const { given, recorder, registry, emitter } = this;
    const session = this.#options;
    const clock = systemClock;
    const answers = new CodedAnswer(randomIds);
    const limitOptions = { ...defaultLimitOptions, ...given.limits };
    const limits = new PrincipalLimits(limitOptions);
    const connects = new ConnectLimits({ options: limitOptions, limits, clock, recorder });
    const rates = new SubjectRates(limits, clock, recorder);
    const guards = new ConnectionGuards({ clock, recorder, options: session });
    const realtime = new RealtimeServer({
      options: session,
      clock,
      connects,
      guards,
      onRefused: (reason) => recorder.count(handshakesRefused, { reason }),
    });
    const refusals = new RefusalTally(clock);
    const identify = new Identify({ authenticate: given.authenticate ?? byName }, session, clock, refusals);
    const routes = [
      new AuthenticateRoute(identify, clock, { renewing: () => () => {} }),
      new PingRoute(),
      ...(given.routes ?? []),
    ];
    const dispatcher = new FrameDispatcher(routes, { registry, answers, recorder, rates, options: session });
    const providers: Provider[] = [
      {
        provide: RealtimeServer,
        inject: [HttpAdapterHost],
        useFactory: ({ httpAdapter }: HttpAdapterHost) => ({
          onApplicationBootstrap: () => realtime.attach(httpAdapter.getHttpServer() as HttpServer),
          beforeApplicationShutdown: () => realtime.close(),
        }),
      },
      {
        provide: SessionParts,
        inject: [ApplicationConfig],
        useFactory: (applicationConfig: ApplicationConfig): SessionParts => ({
          namespace: realtime.namespace,
          denials: { opened: () => {} },
          applicationConfig,
          identify,
          lateRefusals: new LateRefusals(refusals, clock, session.authenticateTimeoutMs),
          connects,
          guards,
          registry,
          dispatcher,
          emitter,
          others: new OtherNodes({ isConnected: () => false, clock: systemClock, ids: randomIds }),
          answers,
          recorder,
          options: session,
          clock,
        }),
      },
      SessionGateway,
      {
        provide: SessionDrain,
        inject: [SessionGateway],
        useFactory: (gateway: SessionGateway) =>
          new SessionDrain({ gateway, registry, options: session, clock, random: Math.random }),
      },
      ...(given.providers ?? []),
    ];
    class NodeModule {}
    Module({ providers })(NodeModule);
    return NodeModule;
  }
}

/** The frames of one name that a client got so far, in order. */
export function framesOf<T>(client: Socket, name: string): T[] {
  const frames: T[] = [];
  client.on(name, (frame: T) => frames.push(frame));
  return frames;
}

/** Why a client was not let in. */
export function refusalOf(client: Socket): Promise<{ message: string; data?: WireError }> {
  return new Promise((resolve, reject) => {
    client.once('connect_error', resolve);
    client.once('connect', () => reject(new Error('It was let in')));
  });
}

export function connected(client: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
}

export function disconnected(client: Socket): Promise<string> {
  return new Promise((resolve) => client.once('disconnect', resolve));
}
