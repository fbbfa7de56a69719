import { Inject, type OnModuleInit } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { Namespace, Socket } from 'socket.io';
import { CodedError } from '../core/coded-error.js';
import type { Clock } from '../core/clock.js';
import { inBackground, safely } from '../core/safely.js';
import { nextTick } from '../core/tick.js';
import type { ConnectLimits } from '../limits/connect-limits.js';
import type { ConnectionGuards } from '../limits/connection-guards.js';
import type { Recorder } from '../telemetry/recorder.js';
import { Admission } from './admission.js';
import { readAwayMs } from './handshake.js';
import type { Denials } from './denials/denials.js';
import type { Identity } from './authenticator.port.js';
import type { CodedAnswer } from './coded-answer.js';
import type { FrameDispatcher } from './frame-dispatcher.js';
import type { Identify } from './identify.js';
import type { LateRefusals } from './refusals/late-refusals.js';
import type { OtherNodes } from './rooms/other-nodes.js';
import { handshakesRefused, sessionsAway } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';
import type { SessionRegistry } from './session-registry.js';
import { waitWhileBytesMove } from './patient-heartbeat.js';
import { SocketSession } from './socket-session.js';
import type { SocketRoomEmitter } from './socket-room-emitter.js';

export interface SessionParts {
  /** Where clients come in. */
  readonly namespace: Namespace;
  readonly applicationConfig: ApplicationConfig;
  readonly identify: Identify;
  readonly lateRefusals: LateRefusals;
  readonly connects: ConnectLimits;
  /** Count what comes on the connections. */
  readonly guards: Pick<ConnectionGuards, 'enter'>;
  readonly registry: SessionRegistry;
  readonly dispatcher: FrameDispatcher;
  readonly denials: Pick<Denials, 'opened'>;
  readonly emitter: SocketRoomEmitter;
  readonly others: OtherNodes;
  readonly answers: CodedAnswer;
  readonly recorder: Recorder;
  readonly options: SessionOptions;
  readonly clock: Clock;
}

export const SessionParts = Symbol('SessionParts');

/** Where connections come in: authentication first, then a session, then frames. */
export class SessionGateway implements OnModuleInit {
  readonly #admission: Admission;
  /** Not in `socket.data`, which Socket.IO hands to other nodes. */
  readonly #admitted = new WeakMap<Socket, Identity>();
  #drainDelayMs: (() => number) | undefined;

  constructor(@Inject(SessionParts) private readonly parts: SessionParts) {
    this.#admission = new Admission(parts.identify, parts.lateRefusals, parts.connects);
  }

  onModuleInit(): void {
    const { namespace } = this.parts;
    this.parts.emitter.bind(namespace);
    this.parts.others.bind(namespace);
    // In a middleware, before `connection`: nothing of an unauthenticated socket reaches a stage.
    namespace.use((socket, next) => {
      const admitted = this.#admit(socket).then(
        () => next(),
        (error: unknown) => this.#refuse(socket, error, next),
      );
      inBackground('An admission', admitted);
    });
    namespace.on(
      'connection',
      safely('A new session', (socket: Socket) => this.#openOrEnd(socket)),
    );
  }

  /** From now on new connections are refused, each with a time of its own to come back at. */
  drain(delayMs: () => number): void {
    this.#drainDelayMs = delayMs;
  }

  async #admit(socket: Socket): Promise<void> {
    if (this.#drainDelayMs) throw new CodedError('DRAINING', { retryAfterMs: this.#drainDelayMs() });
    this.#admitted.set(socket, await this.#admission.admit(socket));
  }

  #refuse(socket: Socket, error: unknown, next: (error: Error) => void): void {
    const wire = this.parts.answers.ofRepeatable(error, 'authentication');
    this.parts.recorder.count(handshakesRefused, { reason: refusalReason(wire.code) });
    next(Object.assign(new Error(wire.message), { data: wire }));
    // Socket.IO sends the refusal in a later turn. Whoever asks too often is then not listened to any more.
    if (wire.code === 'RATE_LIMITED') nextTick(() => socket.conn.close());
  }

  /** A session that could not be opened has no one who would end it. */
  #openOrEnd(socket: Socket): void {
    try {
      this.#open(socket);
    } catch (error) {
      socket.disconnect(true);
      throw error;
    }
  }

  #open(socket: Socket): void {
    const { registry, dispatcher, connects, denials, guards, options, clock, recorder } = this.parts;
    const identity = this.#admitted.get(socket);
    // Only a middleware of somebody else's could have let it in.
    if (!identity) return void socket.disconnect(true);
    const session = new SocketSession(socket, identity, { ...options, trustedHops: connects.trustedHops }, clock);
    waitWhileBytesMove(socket, options.heartbeatTimeoutMs);
    registry.add(session);
    const awayMs = readAwayMs(socket.handshake.auth);
    if (awayMs !== undefined) recorder.observe(sessionsAway, {}, awayMs / 1_000);
    dispatcher.attach(session);
    const leave = guards.enter(socket.conn, {
      cut: (error) => {
        session.close(error);
        connects.block(session);
        connects.wasCut(socket.handshake);
      },
    });
    const left = (reason: string): void => {
      leave();
      connects.left(socket.conn);
      session.disconnected(reason);
      dispatcher.release(session);
      registry.remove(session, reason);
    };
    socket.once('disconnect', safely('The end of a session', left));
    session.open(identity);
    denials.opened(session);
    // It was admitted before the drain began, and the others have been told already.
    if (this.#drainDelayMs) session.drain(this.#drainDelayMs());
  }
}

function refusalReason(code: string): (typeof handshakesRefused.labels.reason)[number] {
  switch (code) {
    case 'PROTOCOL_UNSUPPORTED':
      return 'protocol';
    case 'UNAUTHENTICATED':
    case 'TOKEN_EXPIRED':
    case 'VALUE_INVALID':
      return 'token';
    case 'RATE_LIMITED':
      return 'rate';
    case 'SUBJECT_BLOCKED':
      return 'denied';
    case 'DRAINING':
      return 'draining';
    default:
      return 'failed';
  }
}
