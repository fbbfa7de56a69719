import type { FrameLimits, WireError } from '@millrace/protocol';
import { failIfAborted, reasonOf } from '../abort.js';
import type { BackoffOptions } from '../connection/backoff.js';
import type { Environment } from '../environment/environment.port.js';
import { momentIn } from '../environment/moment.js';
import { runAt } from '../environment/run-at.js';
import type { Principals } from '../principal.js';
import { RealtimeError } from '../realtime-error.js';
import { sdkError } from '../sdk-errors.js';
import { readAnswer } from '../transport/answer.js';
import type { ClientFrameName, Link } from '../transport/transport.port.js';
import { outgoing, refusalOf } from './outgoing.js';
import type { PendingRequest } from './pending-request.js';
import { nextLook, requestTransition, type RequestInput } from './request-state.js';
import type { SendOptions } from './send.options.js';

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly expiresAfterMs: number;
  readonly maxQueuedCommands: number;
  readonly maxCommandsInFlight: number;
  readonly backoff: BackoffOptions;
}

/** Holds the requests that have no answer yet, sends them in the order of their calls, and settles each once. */
export class RequestSender {
  readonly #requests = new Set<PendingRequest>();
  #link: Link | undefined;
  #refusal: WireError | undefined;
  #limits: FrameLimits | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly options: RequestOptions,
    private readonly principals: Principals,
  ) {}

  /** Whether answers are owed. */
  get isBusy(): boolean {
    return this.#count('sent') > 0;
  }

  send(name: ClientFrameName, body: object, { timeoutMs, expiresAfterMs, signal }: SendOptions): Promise<object> {
    return new Promise((resolve, reject) => {
      failIfAborted(signal);
      const frame = outgoing(body);
      const tooMuch = this.#limits && refusalOf(frame, this.#limits);
      if (tooMuch) throw new RealtimeError(tooMuch);
      if (this.#count('queued') >= this.options.maxQueuedCommands) {
        throw new RealtimeError(sdkError('QUEUE_FULL', 'not-applied'));
      }
      const now = this.environment.now();
      const request: PendingRequest = {
        name,
        frame,
        owner: this.principals.current,
        timeoutMs: timeoutMs ?? this.options.timeoutMs,
        resolve,
        reject,
        signal,
        onAbort: () => this.#abort(request),
        state: {
          kind: 'queued',
          notBefore: now,
          expiresAt: now + (expiresAfterMs ?? this.options.expiresAfterMs),
          attempt: 0,
        },
        cancelTimer: () => {},
      };
      signal?.addEventListener('abort', request.onAbort, { once: true });
      this.#requests.add(request);
      this.#watch(request);
      this.#pump();
    });
  }

  /** What the server of the next link takes; what it does not take is not sent. */
  bound(limits: FrameLimits | undefined): void {
    this.#limits = limits;
  }

  /**
   * Requests may be sent on `link`; without one they wait, unless `refusal` says why none will come. Answers to what
   * was sent still come. What waits for another user than that of the link fails.
   */
  follow(link: Link | undefined, refusal: WireError | undefined): void {
    this.#link = link;
    this.#refusal = refusal;
    for (const request of link ? this.#requests : []) {
      if (!this.principals.isCurrent(request.owner)) this.#apply(request, { kind: 'orphaned' });
      const error = this.#limits && refusalOf(request.frame, this.#limits);
      if (error) this.#apply(request, { kind: 'refused', error });
    }
    this.#pump();
  }

  /** The link is gone, and with it the answers. */
  lost(): void {
    this.#link = undefined;
    for (const request of this.#requests) this.#apply(request, { kind: 'lost' });
  }

  close(): void {
    for (const request of this.#requests) this.#apply(request, { kind: 'closed' });
  }

  #pump(): void {
    for (const request of this.#requests) {
      if (this.#refusal) this.#apply(request, { kind: 'refused', error: this.#refusal });
      else if (!this.#link || this.#count('sent') >= this.options.maxCommandsInFlight) return;
      else if (request.state.kind === 'queued') this.#apply(request, { kind: 'send', timeoutMs: request.timeoutMs });
    }
  }

  #apply(request: PendingRequest, input: RequestInput): void {
    const before = request.state;
    const moment = momentIn(this.environment, this.options.backoff);
    const state = (request.state = requestTransition(before, input, moment));
    if (state === before) return;
    this.#watch(request);
    if (state.kind === 'sent') this.#transmit(request);
    if (state.kind === 'done') this.#settle(request, () => request.resolve(state.answer));
    if (state.kind === 'failed') this.#settle(request, () => request.reject(new RealtimeError(state.error)));
  }

  #transmit(request: PendingRequest): void {
    const { state } = request;
    try {
      const wasSent = this.#link?.send(request.name, request.frame.body, (raw) => {
        // The answer to an earlier sending of this request says nothing about the one under way.
        if (request.state !== state) return;
        this.#apply(request, { kind: 'answered', answer: readAnswer(raw) });
        this.#pump();
      });
      if (wasSent === false) this.#apply(request, { kind: 'unsent' });
    } catch (error) {
      // Of the transport; it must not reach whoever made the queue move.
      const lost = { ...sdkError('CONNECTION_LOST', 'unknown') };
      this.#settle(request, () => request.reject(new RealtimeError(lost, { cause: error })));
    }
  }

  #watch(request: PendingRequest): void {
    const { state } = request;
    request.cancelTimer();
    const at = nextLook(state, this.environment.now());
    if (at === undefined) return;
    request.cancelTimer = runAt(this.environment, at, () => {
      this.#apply(request, { kind: 'due', at });
      if (request.state === state) this.#watch(request);
      this.#pump();
    });
  }

  #abort(request: PendingRequest): void {
    this.#settle(request, () => request.reject(reasonOf(request.signal)));
    this.#pump();
  }

  #settle(request: PendingRequest, tell: () => void): void {
    if (!this.#requests.delete(request)) return;
    request.cancelTimer();
    request.signal?.removeEventListener('abort', request.onAbort);
    tell();
  }

  #count(kind: PendingRequest['state']['kind']): number {
    let count = 0;
    for (const { state } of this.#requests) if (state.kind === kind) count++;
    return count;
  }
}
