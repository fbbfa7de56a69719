import { Inject } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import { NAMESPACE } from '@millrace/protocol';
import type { Namespace, Socket } from 'socket.io';
import { BootError } from '../core/boot-error.js';
import { CodedError } from '../core/coded-error.js';
import type { Clock } from '../core/clock.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { Identity } from './authenticator.port.js';
import type { CodedAnswer } from './coded-answer.js';
import type { FrameDispatcher } from './frame-dispatcher.js';
import { readHandshake } from './handshake.js';
import type { Identify } from './identify.js';
import { RealtimeIoAdapter } from './realtime-io-adapter.js';
import { handshakesRefused } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';
import type { SessionRegistry } from './session-registry.js';
import { SocketSession } from './socket-session.js';
import type { SocketRoomEmitter } from './socket-room-emitter.js';

export interface SessionParts {
  readonly applicationConfig: ApplicationConfig;
  readonly identify: Identify;
  readonly registry: SessionRegistry;
  readonly dispatcher: FrameDispatcher;
  readonly emitter: SocketRoomEmitter;
  readonly answers: CodedAnswer;
  readonly recorder: Recorder;
  readonly options: SessionOptions;
  readonly clock: Clock;
}

export const SessionParts = Symbol('SessionParts');

/** Where connections come in: authentication first, then a session, then frames. */
@WebSocketGateway({ namespace: NAMESPACE })
export class SessionGateway implements OnGatewayInit<Namespace> {
  #draining = false;

  constructor(@Inject(SessionParts) private readonly parts: SessionParts) {}

  afterInit(namespace: Namespace): void {
    if (!(this.parts.applicationConfig.getIoAdapter() instanceof RealtimeIoAdapter)) {
      throw new BootError(
        'Another WebSocket adapter took the place of Millrace’s: call useRealtime(app) after useWebSocketAdapter()',
      );
    }
    this.parts.emitter.bind(namespace);
    // In a middleware, before `connection`: nothing of an unauthenticated socket reaches a stage.
    namespace.use((socket, next) => {
      this.#admit(socket).then(
        () => next(),
        (error: unknown) => next(this.#refusal(error)),
      );
    });
    namespace.on('connection', (socket) => this.#open(socket));
  }

  /** From now on new connections are refused. */
  drain(): void {
    this.#draining = true;
  }

  async #admit(socket: Socket): Promise<void> {
    if (this.#draining) throw new CodedError('DRAINING');
    const { token } = readHandshake(socket.handshake.auth);
    (socket.data as SocketData).identity = await this.parts.identify.identify(token);
  }

  #refusal(error: unknown): Error {
    const wire = this.parts.answers.of(error, 'authentication');
    this.parts.recorder.count(handshakesRefused, { reason: refusalReason(wire.code) });
    return Object.assign(new Error(wire.message), { data: wire });
  }

  #open(socket: Socket): void {
    const { registry, dispatcher, options, clock } = this.parts;
    const { identity } = socket.data as SocketData;
    const session = new SocketSession(socket, identity, options, clock);
    registry.add(session);
    dispatcher.attach(session);
    socket.once('disconnect', (reason) => {
      session.disconnected();
      dispatcher.release(session);
      registry.remove(session, reason);
    });
    session.open(identity);
  }
}

interface SocketData {
  identity: Identity;
}

function refusalReason(code: string): (typeof handshakesRefused.labels.reason)[number] {
  switch (code) {
    case 'PROTOCOL_UNSUPPORTED':
      return 'protocol';
    case 'UNAUTHENTICATED':
    case 'TOKEN_EXPIRED':
      return 'token';
    case 'DRAINING':
      return 'draining';
    default:
      return 'failed';
  }
}
