import { wireError, type Answer, type ErrorCode, type WireError } from '@millrace/protocol';
import { isWithinBounds } from '../core/json-bounds.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { CodedAnswer } from './coded-answer.js';
import type { FrameRoute } from './frame-route.js';
import { framesRefused } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';
import type { SessionRegistry } from './session-registry.js';
import type { SocketSession } from './socket-session.js';

type Acknowledge = (answer: Answer) => void;
type RefusalReason = (typeof framesRefused.labels.reason)[number];

/** Takes every client frame of a session, checks what concerns all of them, and answers each exactly once. */
export class FrameDispatcher {
  readonly #routes: ReadonlyMap<string, FrameRoute>;

  constructor(
    routes: readonly FrameRoute[],
    private readonly registry: SessionRegistry,
    private readonly answers: CodedAnswer,
    private readonly recorder: Recorder,
    private readonly options: SessionOptions,
  ) {
    this.#routes = new Map(routes.map((route) => [route.name, route]));
  }

  attach(session: SocketSession): void {
    session.socket.onAny((name: string, ...args: unknown[]) => {
      void this.#take(session, name, args);
    });
  }

  release(session: SocketSession): void {
    for (const route of this.#routes.values()) route.release?.(session);
  }

  async #take(session: SocketSession, name: string, args: readonly unknown[]): Promise<void> {
    const acknowledge = args.at(-1);
    if (typeof acknowledge !== 'function') {
      this.recorder.count(framesRefused, { reason: 'no-ack' });
      return;
    }
    const answer = once(acknowledge as Acknowledge);
    const route = this.#routes.get(name);
    const body = args.length > 1 ? args[0] : undefined;
    const refusal = this.#refusal(session, route, body);
    if (refusal) return answer({ ok: false, error: refusal });
    try {
      answer({ ok: true, ...(await this.registry.track(route!.handle(session, body))) });
    } catch (error) {
      answer({ ok: false, error: this.answers.of(error, name) });
    }
  }

  #refusal(session: SocketSession, route: FrameRoute | undefined, body: unknown): WireError | undefined {
    const retryAfterMs = session.throttle();
    if (retryAfterMs > 0) return this.#refuse('rate', 'RATE_LIMITED', { retryAfterMs });
    if (session.state.kind !== 'active') return this.#refuse('draining', 'DRAINING');
    if (!route) return this.#refuse('unknown', 'FRAME_INVALID');
    const { maxFrameDepth: maxDepth, maxFrameNodes: maxNodes } = this.options;
    if (!isWithinBounds(body, { maxDepth, maxNodes })) return this.#refuse('complexity', 'FRAME_TOO_COMPLEX');
    return undefined;
  }

  #refuse(reason: RefusalReason, code: ErrorCode, more: { retryAfterMs?: number } = {}): WireError {
    this.recorder.count(framesRefused, { reason });
    return wireError(code, more);
  }
}

/** An answer that cannot be encoded is followed by one that can; nothing is answered twice. */
function once(acknowledge: Acknowledge): Acknowledge {
  let answered = false;
  return (answer) => {
    if (answered) return;
    acknowledge(answer);
    answered = true;
  };
}
