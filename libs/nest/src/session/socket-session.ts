import { setMaxListeners } from 'node:events';
import { wireError, type ControlFrame, type WireError } from '@millrace/protocol';
import type { Socket } from 'socket.io';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { safely } from '../core/safely.js';
import type { Identity } from './authenticator.port.js';
import { lookAt, type Backlog, type BacklogRemedy } from './backlog.js';
import type { SessionOptions } from './session.options.js';
import { transition, type SessionInput, type SessionState } from './session-state.js';
import type { Session } from './session.js';
import type { LimitOptions } from '../limits/limits.options.js';
import { payerOf } from './payer.js';
import { SocketOutflow } from './socket-outflow.js';

/** How long a client that was told goodbye may take to read it. */
const FLUSH_TIMEOUT_MS = 5_000;

/** A session on a Socket.IO socket. */
export class SocketSession implements Session {
  readonly id: string;
  readonly subject: string;
  readonly payer: string;
  #identity: Identity;
  #state: SessionState;
  #backlog: Backlog = { kind: 'clear' };
  readonly #outflow: SocketOutflow;
  #cancelTimer = (): void => {};
  readonly #ended = new AbortController();

  constructor(
    readonly socket: Socket,
    identity: Identity,
    private readonly options: SessionOptions & Partial<Pick<LimitOptions, 'trustedHops'>>,
    private readonly clock: Clock,
  ) {
    this.id = socket.id;
    this.subject = identity.subject;
    this.payer = payerOf(identity, socket.handshake, options.trustedHops);
    this.#identity = identity;
    this.#state = { kind: 'active' };
    this.#outflow = new SocketOutflow(socket);
    // As many calls of one session wait for their turn as a frame has items.
    setMaxListeners(0, this.#ended.signal);
  }

  get principal(): unknown {
    return this.#identity.principal;
  }

  /** By which it may be kept out. */
  get facts(): Pick<Identity, 'subject' | 'tokenId' | 'issuedAt'> {
    return this.#identity;
  }

  get state(): SessionState {
    return this.#state;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get waitingBytes(): number {
    return this.#outflow.waitingBytes;
  }

  /** Whether more answers would only pile up behind those that the client has not read. */
  get isBehind(): boolean {
    return this.#backlog.kind === 'lagging' || this.waitingBytes > this.options.maxWaitingBytes;
  }

  /** The session is active: the first thing its client hears. */
  open(identity: Identity): void {
    const expiresInMs = identity.expiresAt === undefined ? undefined : identity.expiresAt - this.clock.now();
    const { maxFrameBytes, maxFrameDepth, maxFrameNodes } = this.options;
    this.tell({
      kind: 'welcome',
      session: this.id,
      // The client keeps apart what it holds for one user and for the next.
      subject: this.subject,
      limits: { maxFrameBytes, maxFrameDepth, maxFrameNodes },
      ...(expiresInMs !== undefined && { expiresInMs }),
    });
    this.renew(identity);
  }

  /** A fresh token for the same principal; its claims may say something new. */
  renew(identity: Identity): void {
    if (identity.subject !== this.subject) throw new CodedError('PRINCIPAL_CHANGED');
    this.#identity = identity;
    this.#apply({ kind: 'renewed', ...(identity.expiresAt !== undefined && { expiresAt: identity.expiresAt }) });
    this.#watchExpiry(identity.expiresAt);
  }

  join(room: string): void {
    safely('A room', () => this.socket.join(room))();
  }

  leave(room: string): void {
    safely('A room', () => this.socket.leave(room))();
  }

  tell(frame: ControlFrame): void {
    if (this.#state.kind !== 'closed') this.socket.emit('control', frame);
  }

  drain(retryAfterMs: number): void {
    this.tell({ kind: 'draining', retryAfterMs });
    this.#apply({ kind: 'drain' });
  }

  /** How far the client is behind with reading, and what that calls for. */
  look(): { readonly remedy: BacklogRemedy; readonly waitingBytes: number } {
    const outflow = this.#outflow;
    const { waitingBytes } = outflow;
    const look = {
      waitingBytes,
      now: this.clock.monotonic(),
      // Asked for only where something waits: for most it would be most of the work.
      get progress() {
        return outflow.progress;
      },
    };
    const { next, remedy } = lookAt(this.#backlog, look, this.options);
    this.#backlog = next;
    return { remedy, waitingBytes };
  }

  /** Says why, then closes. Engine.IO flushes what was written before. */
  close(error: WireError): void {
    this.tell({ kind: 'closing', error });
    this.#apply({ kind: 'close', error });
    this.socket.disconnect(true);
  }

  /** Closes without waiting for a client that does not read. */
  cut(error: WireError): void {
    this.close(error);
    this.#outflow.destroy();
  }

  /**
   * The socket is gone for Socket.IO. The connection below may not be: Engine.IO waits without end for a client to read
   * what is left, and after a missed heartbeat the websocket still waits half a minute for a close frame.
   */
  disconnected(reason: string): void {
    this.#apply({ kind: 'disconnected' });
    const destroyUnused = (): void => {
      if (!this.#outflow.isOpen) this.#outflow.destroy();
    };
    if (reason === 'ping timeout') destroyUnused();
    else this.clock.after(FLUSH_TIMEOUT_MS, destroyUnused);
  }

  #apply(input: SessionInput): void {
    this.#state = transition(this.#state, input);
    if (this.#state.kind !== 'closed') return;
    this.#cancelTimer();
    this.#ended.abort(new CodedError('SESSION_ENDED'));
  }

  #watchExpiry(expiresAt: number | undefined): void {
    this.#cancelTimer();
    if (expiresAt === undefined || this.#state.kind === 'closed') return;
    // The wall clock says once how long the token holds; from here on time passes, whatever that clock is set to.
    const leftMs = expiresAt - this.clock.now();
    const endsAt = this.clock.monotonic() + leftMs;
    const askInMs = Math.max(0, leftMs - Math.min(this.options.refreshLeadMs, leftMs / 2));
    this.#cancelTimer = this.clock.after(askInMs, () => {
      const expiresInMs = Math.max(0, endsAt - this.clock.monotonic());
      this.tell({ kind: 'reauthenticate', expiresInMs });
      this.#cancelTimer = this.clock.after(expiresInMs, () => this.close(wireError('TOKEN_EXPIRED')));
    });
  }
}
