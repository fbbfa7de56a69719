import { wireError, type WireError } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { safely } from '../core/safely.js';
import { fullBucket, takeToken, type BucketRate, type TokenBucket } from '../core/token-bucket.js';
import { fullMeter, hear, hearFrame, type FrameMeter, type FrameRates } from './frame-meter.js';
import type { GuardedConnection } from './guarded-connection.js';
import { connectErrorPacket, readPacket, refusalPacket, type Packet } from './packet.js';

/** A session that lives on a connection. */
export interface Resident {
  /** Says why, and ends the session with its connection. */
  cut(error: WireError): void;
}

export interface ConnectionGuardParts {
  readonly clock: Clock;
  readonly rates: FrameRates;
  /** How long a connection may be without a session that it had. */
  readonly withoutSessionMs: number;
  readonly onRefused: () => void;
  readonly onCut: (resident: Resident | undefined) => void;
}

/** How long one who was cut stays away. */
export const FLOOD_PAUSE_MS = 10_000;
/** How long the reason may take to get across before the connection ends for good. */
const GOODBYE_MS = 500;
/** How long a client may take to read what was sent before its connection was closed, and to agree. */
const FAREWELL_MS = 5_000;
/** What was on its way when the connection was closed. */
const LATE_MESSAGES = 300;
/** More than any application has namespaces, and some for those that were left and entered again. */
const ASKS: BucketRate = { perSecond: 1, burst: 50 };

/**
 * Counts what comes on one connection before anything of it is parsed, over all sessions that it may have: with the
 * session, a bucket would be full again after DISCONNECT and CONNECT. Beyond a first bound frames are refused, which costs
 * a glance at their first characters and a short answer; beyond a second one nothing is read any more.
 */
export class ConnectionGuard {
  readonly #connection: GuardedConnection;
  #meter: FrameMeter;
  #asks: TokenBucket;
  #isCut = false;
  #resident: Resident | undefined;
  #cancelTimer = (): void => {};

  constructor(
    connection: GuardedConnection,
    private readonly parts: ConnectionGuardParts,
  ) {
    const now = parts.clock.monotonic();
    this.#connection = connection;
    this.#meter = fullMeter(parts.rates, now);
    this.#asks = fullBucket(ASKS, now);
  }

  /** Stands before Socket.IO from now on. */
  start(): void {
    const connection = this.#connection;
    const emit = connection.emit.bind(connection);
    let isTaken = false;
    const look = safely('The count of frames', (data: unknown) => (isTaken = this.#takes(data)));
    const heard = safely('The count of packets', () => this.#hear());
    connection.emit = (name, ...args) => {
      if (name === 'packet' && (args[0] as { type?: unknown }).type !== 'message') heard();
      isTaken = name !== 'data';
      if (!isTaken) look(args[0]);
      return isTaken && emit(name, ...args);
    };
    // Engine.IO never hears of these, and each ping is answered.
    connection.transport.socket?.on('ping', heard);
    connection.transport.socket?.on('pong', heard);
    connection.once(
      'close',
      safely('The end of a connection', () => this.#linger()),
    );
  }

  /** A session lives on the connection until the answer is called. */
  enter(resident: Resident): () => void {
    this.#cancelTimer();
    this.#resident = resident;
    return () => {
      if (this.#resident !== resident) return;
      this.#resident = undefined;
      if (!this.#isCut) this.#cancelTimer = this.parts.clock.after(this.parts.withoutSessionMs, () => this.#end());
    };
  }

  #hear(): void {
    if (this.#isCut) return;
    const verdict = hear(this.#meter, this.parts.rates, this.parts.clock.monotonic());
    if (verdict.kind === 'cut') this.#cut();
    else this.#meter = verdict.next;
  }

  /** Whether Socket.IO may see a packet. */
  #takes(data: unknown): boolean {
    if (this.#isCut) return false;
    const packet = readPacket(data);
    if (packet.kind === 'asks' && !this.#mayAsk()) return this.#cut();
    const verdict = hearFrame(this.#meter, this.parts.rates, this.parts.clock.monotonic());
    if (verdict.kind === 'cut') return this.#cut();
    this.#meter = verdict.next;
    return verdict.kind === 'take' || this.#passes(packet, verdict.retryAfterMs);
  }

  /** There is no token for it. */
  #passes(packet: Packet, retryAfterMs: number): boolean {
    switch (packet.kind) {
      case 'asks':
      case 'other':
        return true;
      case 'attachment':
        // Without its announcement Socket.IO would take it for a fault of the protocol. None of ours has one.
        return this.#cut();
      case 'answer':
        this.parts.onRefused();
        return false;
      case 'frame': {
        if (!this.#resident) return this.#cut();
        this.parts.onRefused();
        const error = wireError('RATE_LIMITED', { retryAfterMs, ...(packet.isCommand && { outcome: 'not-applied' }) });
        if (packet.ack !== undefined) this.#connection.write(refusalPacket(packet.ack, error));
        return false;
      }
      default:
        return packet satisfies never;
    }
  }

  #mayAsk(): boolean {
    const { allowed, next } = takeToken(this.#asks, ASKS, this.parts.clock.monotonic());
    this.#asks = next;
    return allowed;
  }

  /** Reads nothing more, not even what has come already; says why, to one who reads; and is gone soon after. */
  #cut(): false {
    const resident = this.#resident;
    this.#isCut = true;
    this.#connection.transport.socket?.pause();
    const error = wireError('RATE_LIMITED', { retryAfterMs: FLOOD_PAUSE_MS });
    if (resident) resident.cut(error);
    else this.#connection.write(connectErrorPacket(error));
    this.#end();
    this.parts.onCut(resident);
    return false;
  }

  #end(): void {
    this.#cancelTimer();
    this.#connection.close();
    this.#destroyIn(GOODBYE_MS);
  }

  /**
   * For Engine.IO the connection is over. Its websocket waits half a minute for the client to agree, and reads all that
   * comes meanwhile.
   */
  #linger(): void {
    this.#cancelTimer();
    if (this.#isCut) return;
    let heard = 0;
    const count = safely('A late message', () => {
      if (++heard > LATE_MESSAGES) this.#connection.request.socket.destroy();
    });
    for (const event of ['message', 'ping', 'pong'] as const) this.#connection.transport.socket?.on(event, count);
    this.#destroyIn(FAREWELL_MS);
  }

  #destroyIn(delayMs: number): void {
    const { socket } = this.#connection.request;
    if (socket.destroyed) return;
    const cancel = this.parts.clock.after(delayMs, () => void socket.destroy());
    socket.once('close', safely('The end of a socket', cancel));
  }
}
