import { wireError } from '@millrace/protocol';
import { buffers, type ByteAccount } from '../core/byte-account.js';
import type { Clock } from '../core/clock.js';
import { safely } from '../core/safely.js';
import type { Random } from '../core/random.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { BacklogRemedy } from './backlog.js';
import type { LiveFlow } from './live-flow.port.js';
import { bufferedBytes, sessionsLagging, sessionsShed, sessionWaitingBytes } from './session.metrics.js';
import type { SessionRegistry } from './session-registry.js';
import { worstOf, type Waiting } from './slow/shed.js';
import type { SocketSession } from './socket-session.js';

const LOOK_INTERVAL_MS = 250;
/** Those who fell behind together come back one by one. */
const LAG_SPREAD_MS = 1_000;

export interface SlowSessionsParts {
  readonly registry: SessionRegistry;
  readonly liveFlow: LiveFlow;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: Random;
  /** Of all that waits in this process. */
  readonly account: ByteAccount;
}

/**
 * Looks at what waits for each client. One that reads too slowly leaves the live flow and pages from history; one that
 * reads nothing is cut off. So a slow client costs its own place, never the node's memory.
 */
export class SlowSessions {
  #cancel: (() => void) | undefined;

  constructor(private readonly parts: SlowSessionsParts) {}

  start(): void {
    this.#cancel ??= this.#later();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #later(): () => void {
    return this.parts.clock.after(LOOK_INTERVAL_MS, () => {
      this.#cancel = this.#later();
      this.#look();
    });
  }

  #look(): void {
    const waiting: Waiting<SocketSession>[] = [];
    const look = safely('A look at a session', (session: SocketSession) => {
      const { waitingBytes, remedy } = session.look();
      if (waitingBytes > 0) waiting.push({ session, waitingBytes });
      this.#remedy(session, remedy);
    });
    for (const session of this.parts.registry.all()) look(session);
    const { recorder, account } = this.parts;
    const bytes = waiting.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
    recorder.set(sessionWaitingBytes, {}, bytes);
    account.set('clients', bytes);
    for (const buffer of buffers) recorder.set(bufferedBytes, { buffer }, account.of(buffer));
    this.#shed(waiting.filter(({ session }) => session.state.kind !== 'closed'));
  }

  /** Each of them is within its own bound, and together they are too much for the process. */
  #shed(waiting: readonly Waiting<SocketSession>[]): void {
    for (const session of worstOf(waiting, this.parts.account.excess)) {
      this.parts.recorder.count(sessionsShed, {});
      this.#remedy(session, 'close');
    }
  }

  #remedy(session: SocketSession, remedy: BacklogRemedy): void {
    const { liveFlow, recorder, random } = this.parts;
    switch (remedy) {
      case 'none':
        return;
      case 'interrupt':
        recorder.count(sessionsLagging, {});
        session.tell({
          kind: 'lagging',
          channels: liveFlow.interrupt(session),
          retryAfterMs: Math.floor(random() * LAG_SPREAD_MS),
        });
        return;
      case 'close':
        return session.cut(wireError('BUSY', { retryAfterMs: Math.floor(random() * LAG_SPREAD_MS) }));
      default:
        return remedy satisfies never;
    }
  }
}
