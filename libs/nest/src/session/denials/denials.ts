import type { Clock } from '../../core/clock.js';
import type { CodedError } from '../../core/coded-error.js';
import { readDenial, type Denial } from '../../core/denial.js';
import { Rounds } from '../../core/rounds.js';
import type { Recorder } from '../../telemetry/recorder.js';
import { denialsKnown } from '../session.metrics.js';
import type { SessionRegistry } from '../session-registry.js';
import type { SocketSession } from '../socket-session.js';
import { refusalOf, type Facts } from './refusal.js';

export interface DenialsParts {
  /** All that stand now. */
  readonly read: () => Promise<readonly Denial[]>;
  readonly registry: Pick<SessionRegistry, 'all'>;
  readonly clock: Clock;
  /** The time that all nodes share. */
  readonly databaseClock: Pick<Clock, 'now'>;
  readonly recorder: Recorder;
}

const LOOK_MS = 500;
/** The news is a hint, the table is the truth. */
const READ_EVERY_MS = 60_000;

/**
 * Who may not be on this node: read from the database when it starts, told by the channel of withdrawals from then on.
 * All in memory, so that a storm of handshakes costs no query and a database that is away lets nobody in.
 */
export class Denials {
  readonly #rounds: Rounds;
  readonly #openSince = new WeakMap<SocketSession, number>();
  #known = new Map<string, Denial>();
  /** Grows with each piece of news: what was read before it is out of date. */
  #news = 0;
  #isDue = false;
  #readAt = 0;

  constructor(private readonly parts: DenialsParts) {
    this.#rounds = new Rounds(parts.clock, LOOK_MS, async () => {
      if (this.#isDue || parts.clock.monotonic() - this.#readAt >= READ_EVERY_MS) await this.#read();
    });
  }

  /** After the hub follows the channel of withdrawals, and before the first client. */
  async start(): Promise<void> {
    await this.#read();
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** @throws CodedError `SUBJECT_BLOCKED`, or `UNAUTHENTICATED` with `reason: 'revoked'` */
  assertAllowed(facts: Facts): void {
    const refusal = this.#refusalOf(facts);
    if (refusal) throw refusal;
  }

  /** Those that stand. */
  all(): readonly Denial[] {
    const now = this.parts.databaseClock.now();
    return [...this.#known.values()].filter(({ until }) => until === undefined || until > now);
  }

  /** A session has begun: its handshake may have been looked at before the news came. */
  opened(session: SocketSession): void {
    this.#openSince.set(session, this.parts.databaseClock.now());
    this.#end(session);
  }

  /** The node carries an announcement out: sessions end before any event that was numbered after it. */
  carryOut(type: 'access.denied' | 'access.allowed', data: unknown): void {
    const denial = readDenial(data);
    if (!denial) return this.missed();
    this.#news++;
    if (type === 'access.allowed') this.#known.delete(keyOf(denial));
    else this.#known.set(keyOf(denial), denial);
    this.#count();
    if (type === 'access.allowed') return;
    for (const session of this.parts.registry.all()) {
      if (!concerns(denial, session.facts)) continue;
      // Whatever the clocks say: it was open when this came.
      if (denial.kind === 'sessions') this.#openSince.set(session, -Infinity);
      this.#end(session);
    }
  }

  /** There was news that nobody can tell: the table has what it was about. */
  missed(): void {
    this.#isDue = true;
  }

  async #read(): Promise<void> {
    const news = this.#news;
    this.#isDue = false;
    try {
      const read = await this.parts.read();
      if (news !== this.#news) return this.missed();
      this.#known = new Map(read.map((denial) => [keyOf(denial), denial]));
      this.#count();
      this.#readAt = this.parts.clock.monotonic();
      for (const session of this.parts.registry.all()) this.#end(session);
    } catch (error) {
      this.#isDue = true;
      throw error;
    }
  }

  #count(): void {
    this.parts.recorder.set(denialsKnown, {}, this.#known.size);
  }

  #end(session: SocketSession): void {
    const openSince = this.#openSince.get(session);
    const refusal = this.#refusalOf({ ...session.facts, openSince });
    if (refusal) session.close(refusal.toWire());
  }

  #refusalOf(facts: Facts): CodedError | undefined {
    if (this.#known.size === 0) return undefined;
    const find = (kind: Denial['kind'], key: string): Denial | undefined => this.#known.get(keyOf({ kind, key }));
    return refusalOf(facts, { find, now: this.parts.databaseClock.now() });
  }
}

/** A token is known by its own id, everybody else by the subject. */
const concerns = ({ kind, key }: Denial, { subject, tokenId }: Facts): boolean =>
  key === (kind === 'token' ? tokenId : subject);

const keyOf = ({ kind, key }: Pick<Denial, 'kind' | 'key'>): string => `${kind} ${key}`;
