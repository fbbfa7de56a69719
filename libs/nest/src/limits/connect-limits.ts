import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { inBackground, safely } from '../core/safely.js';
import type { Recorder } from '../telemetry/recorder.js';
import { knownNetworkOf, type Peer } from './client-address.js';
import { FLOOD_PAUSE_MS } from './connection-guard.js';
import { limitReached } from './limit-reached.js';
import type { LimitOptions } from './limits.options.js';
import { limitsRefused, type LimitKind } from './limits.metrics.js';
import type { PrincipalLimits } from './principal-limits.js';
import { SessionPlaces } from './session-places.js';
import { SharedRate } from './shared-rate.js';
import type { Subject } from './subject-rates.js';
import { TokenBuckets } from './token-buckets.js';

/** What is used of an Engine.IO connection. */
export interface PlacedConnection {
  readonly readyState: string;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** One who was authenticated. */
export interface Newcomer extends Subject {
  /** It shares its subject with all strangers. */
  readonly isAnonymous: boolean;
}

export interface ConnectLimitsParts {
  readonly options: LimitOptions;
  readonly limits: PrincipalLimits;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/** Of the connects of an address: those who ask for no session cost less. */
const CONNECTIONS_TIMES = 2;
/** What a connection that was cut costs its address. */
const FLOOD_CONNECTIONS = 100;
/** Of the connects of a node, at once. */
const BURST_SECONDS = 5;

/** Who may connect: how often, and how many at once. What is counted outlives the connections. */
export class ConnectLimits {
  readonly #bySubject: SharedRate;
  readonly #byAddress: SharedRate;
  readonly #connections = new TokenBuckets();
  readonly #ofNode = new TokenBuckets(1);
  readonly #places: SessionPlaces;
  readonly #leave = new WeakMap<object, () => void>();

  constructor(private readonly parts: ConnectLimitsParts) {
    this.#bySubject = new SharedRate('subject', parts.clock);
    this.#byAddress = new SharedRate('address', parts.clock);
    this.#places = new SessionPlaces(parts.options);
  }

  get trustedHops(): LimitOptions['trustedHops'] {
    return this.parts.options.trustedHops;
  }

  /** From now on connects are counted over all nodes. */
  share(client: Redis, prefix: string): void {
    this.#bySubject.share(client, prefix);
    this.#byAddress.share(client, prefix);
  }

  /** Whether a connection may be opened, of which nothing else is known. */
  mayOpen(peer: Peer): boolean {
    const isAllowed = this.#takeConnections(peer, 1);
    if (!isAllowed) this.#count('connections');
    return isAllowed;
  }

  /** A connection was cut for a flood. */
  wasCut(peer: Peer): void {
    this.#takeConnections(peer, FLOOD_CONNECTIONS);
  }

  /** Before anything is authenticated. @throws CodedError `RATE_LIMITED` */
  async ask(peer: Peer): Promise<void> {
    // A full node refuses without a question to Redis; what an address asks too much does not fill it.
    this.#takeOfNode(0);
    const address = this.#addressOf(peer);
    if (address !== undefined) {
      this.#refuseIf(await this.#byAddress.take(address, this.parts.options.connectsPerMinutePerAddress));
    }
    this.#takeOfNode(1);
  }

  /**
   * A session is about to begin. It has its place until {@link left}, or until its connection closes.
   *
   * @throws CodedError `RATE_LIMITED`, or `BUSY` when the node is full
   */
  async enter({ payer, principal, isAnonymous }: Newcomer, peer: Peer, connection: PlacedConnection): Promise<void> {
    const limits = this.parts.limits.of(principal);
    const leave = this.#takePlace({ payer, limits, isAnonymous, address: this.#addressOf(peer) });
    try {
      // Those of strangers have been counted by their address.
      if (!isAnonymous) this.#refuseIf(await this.#bySubject.take(payer, limits.connectsPerMinute));
    } catch (error) {
      leave();
      throw error;
    }
    if (connection.readyState !== 'open') return leave();
    const closed = safely('The end of a connection', leave);
    connection.once('close', closed);
    this.#leave.set(connection, () => {
      connection.off('close', closed);
      leave();
    });
  }

  left(connection: object): void {
    this.#leave.get(connection)?.();
  }

  /** A subject whose connection was cut stays away for a while, on all nodes. */
  block({ payer, principal }: Subject): void {
    const { connectsPerMinute } = this.parts.limits.of(principal);
    inBackground('The block of a subject', this.#bySubject.block(payer, connectsPerMinute, FLOOD_PAUSE_MS));
  }

  #takeOfNode(count: number): void {
    const perSecond = this.parts.options.connectsPerSecond;
    const rate = { perSecond, burst: perSecond * BURST_SECONDS };
    this.#refuseIf(this.#ofNode.take('', rate, this.parts.clock.monotonic(), count));
  }

  #takePlace(newcomer: Parameters<SessionPlaces['take']>[0]): () => void {
    try {
      return this.#places.take(newcomer);
    } catch (error) {
      if (error instanceof CodedError) this.#count('sessions');
      throw error;
    }
  }

  #takeConnections(peer: Peer, count: number): boolean {
    const address = this.#addressOf(peer);
    if (address === undefined) return true;
    const burst = this.parts.options.connectsPerMinutePerAddress * CONNECTIONS_TIMES;
    const rate = { perSecond: burst / 60, burst };
    return this.#connections.take(address, rate, this.parts.clock.monotonic(), count) === 0;
  }

  #refuseIf(retryAfterMs: number): void {
    if (retryAfterMs === 0) return;
    this.#count('connects');
    throw limitReached('connects', retryAfterMs);
  }

  #count(limit: LimitKind): void {
    this.parts.recorder.count(limitsRefused, { limit });
  }

  #addressOf(peer: Peer): string | undefined {
    return knownNetworkOf(peer, this.parts.options.trustedHops);
  }
}
