import {
  unfaithfulValue,
  wireError,
  type Answer,
  type ErrorCode,
  type FieldError,
  type WireError,
} from '@millrace/protocol';
import { notJson } from '../core/faithful-json.js';
import { jsonFault } from '../core/json-bounds.js';
import { logError } from '../core/log-error.js';
import { safely } from '../core/safely.js';
import type { SubjectRates } from '../limits/subject-rates.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { CodedAnswer } from './coded-answer.js';
import type { FrameRoute } from './frame-route.js';
import { framesRefused } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';
import type { SessionRegistry } from './session-registry.js';
import type { SocketSession } from './socket-session.js';
import { CrowdLogger } from '../core/log/crowd-logger.js';

type Acknowledge = (answer: Answer) => void;
type RefusalReason = (typeof framesRefused.labels.reason)[number];

export interface FrameDispatcherParts {
  readonly registry: SessionRegistry;
  readonly answers: CodedAnswer;
  readonly recorder: Recorder;
  readonly rates: Pick<SubjectRates, 'take'>;
  readonly options: Pick<SessionOptions, 'maxFrameDepth' | 'maxFrameNodes'>;
}

/** By then a client that reads at all has read something. */
const LAGGING_RETRY_AFTER_MS = 500;

/** Takes every client frame of a session, checks what concerns all of them, and answers each exactly once. */
export class FrameDispatcher {
  readonly #logger = new CrowdLogger();
  readonly #routes: ReadonlyMap<string, FrameRoute>;

  constructor(
    routes: readonly FrameRoute[],
    private readonly parts: FrameDispatcherParts,
  ) {
    this.#routes = new Map(routes.map((route) => [route.name, route]));
  }

  attach(session: SocketSession): void {
    // A client must not be able to end the process, whatever it makes a stage do.
    session.socket.onAny(safely('A frame', (name: string, ...args: unknown[]) => this.#take(session, name, args)));
  }

  release(session: SocketSession): void {
    for (const route of this.#routes.values()) {
      try {
        route.release?.(session);
      } catch (error) {
        logError(this.#logger, `release of a session failed in route ${route.name}`, error);
      }
    }
  }

  async #take(session: SocketSession, name: string, args: readonly unknown[]): Promise<void> {
    const acknowledge = args.at(-1);
    if (typeof acknowledge !== 'function') {
      this.parts.recorder.count(framesRefused, { reason: 'no-ack' });
      return;
    }
    const body = args.length > 1 ? args[0] : undefined;
    const ready = await this.#answer(session, name, body);
    // Just before it is sent: of many answers that were ready at once, each counts for the next.
    const answer = this.#withheld(session, name, body, ready) ?? ready;
    try {
      (acknowledge as Acknowledge)(answer);
    } catch (error) {
      // It could not be encoded, so nothing of it was sent.
      (acknowledge as Acknowledge)({ ok: false, error: this.parts.answers.of(error, name) });
    }
  }

  async #answer(session: SocketSession, name: string, body: unknown): Promise<Answer> {
    try {
      const route = this.#routes.get(name);
      const refusal = this.#refusal(session, route, body);
      if (refusal || !route) {
        const error = refusal ?? wireError('FRAME_INVALID');
        return { ok: false, error: route?.hasOutcome ? { ...error, outcome: 'not-applied' } : error };
      }
      if (route.limit) this.parts.rates.take(route.limit, session, route.countOf?.(body));
      return { ...(await this.parts.registry.track(route.handle(session, body))), ok: true };
    } catch (error) {
      return { ok: false, error: this.parts.answers.of(error, name) };
    }
  }

  #withheld(session: SocketSession, name: string, body: unknown, ready: Answer): Answer | undefined {
    const route = this.#routes.get(name);
    if (!ready.ok || !route?.withhold || !session.isBehind) return undefined;
    route.withhold(session, body);
    return { ok: false, error: this.#refuse('lagging', 'BUSY', { retryAfterMs: LAGGING_RETRY_AFTER_MS }) };
  }

  #refusal(session: SocketSession, route: FrameRoute | undefined, body: unknown): WireError | undefined {
    if (!route) return this.#refuse('unknown', 'FRAME_INVALID');
    if (!route.isUrgent) {
      if (session.state.kind !== 'active') return this.#refuse('draining', 'DRAINING');
      if (session.isBehind) return this.#refuse('lagging', 'BUSY', { retryAfterMs: LAGGING_RETRY_AFTER_MS });
    }
    const { maxFrameDepth: maxDepth, maxFrameNodes: maxNodes } = this.parts.options;
    const fault = jsonFault(body, { maxDepth, maxNodes });
    if (fault === 'complex') return this.#refuse('complexity', 'FRAME_TOO_COMPLEX');
    if (fault) return this.#refuse('key', 'FRAME_INVALID', { details: detailsOf(body) });
    return undefined;
  }

  #refuse(
    reason: RefusalReason,
    code: ErrorCode,
    more: { retryAfterMs?: number; details?: readonly FieldError[] } = {},
  ): WireError {
    this.parts.recorder.count(framesRefused, { reason });
    return wireError(code, more);
  }
}

/** A body that came as JSON has no other fault. */
function detailsOf(body: unknown): readonly FieldError[] {
  const fault = unfaithfulValue(body);
  return fault ? [notJson(fault.path, fault.what)] : [];
}
