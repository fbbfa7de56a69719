import type { Recorder } from '../telemetry/recorder.js';
import { sessionsEnded, sessionsOpen, sessionsOpened } from './session.metrics.js';
import type { SocketSession } from './socket-session.js';

/** The sessions of this node. */
export class SessionRegistry {
  readonly #sessions = new Map<string, SocketSession>();
  #busyFrames = 0;

  constructor(private readonly recorder: Recorder) {}

  add(session: SocketSession): void {
    this.#sessions.set(session.id, session);
    this.recorder.count(sessionsOpened, {});
    this.recorder.set(sessionsOpen, {}, this.#sessions.size);
  }

  remove(session: SocketSession, reason: string): void {
    if (!this.#sessions.delete(session.id)) return;
    const closedBy = session.state.kind === 'closed' ? session.state.error?.code : undefined;
    this.recorder.count(sessionsEnded, { reason: endReason(reason, closedBy) });
    this.recorder.set(sessionsOpen, {}, this.#sessions.size);
  }

  find(id: string): SocketSession | undefined {
    return this.#sessions.get(id);
  }

  all(): readonly SocketSession[] {
    return [...this.#sessions.values()];
  }

  /** Keeps count of frames that are being answered, so that a drain can wait for them. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#busyFrames++;
    const done = (): void => void this.#busyFrames--;
    work.then(done, done);
    return work;
  }

  get isBusy(): boolean {
    return this.#busyFrames > 0;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }
}

type EndReason = (typeof sessionsEnded.labels.reason)[number];

function endReason(reason: string, code: string | undefined): EndReason {
  if (code === 'TOKEN_EXPIRED') return 'token';
  if (code === 'DRAINING') return 'drain';
  if (code === 'BUSY') return 'stalled';
  if (code === 'RATE_LIMITED') return 'flood';
  if (code === 'SUBJECT_BLOCKED' || code === 'SESSION_REVOKED' || code === 'UNAUTHENTICATED') return 'denied';
  if (code !== undefined || reason.startsWith('server') || reason.startsWith('forced')) return 'server';
  if (reason === 'ping timeout') return 'heartbeat';
  return reason.startsWith('client') ? 'client' : 'transport';
}
