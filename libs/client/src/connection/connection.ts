import {
  PROTOCOL_VERSION,
  type ControlFrame,
  type Handshake,
  type RetryPolicy,
  type WireError,
} from '@millrace/protocol';
import type { Environment } from '../environment/environment.port.js';
import { momentIn } from '../environment/moment.js';
import { runAt } from '../environment/run-at.js';
import type { TokenSource } from '../token/token-source.js';
import { connectFailed, type ConnectFault } from '../transport/connect-fault.js';
import type { Link, LinkListener, ServerFrame, Transport } from '../transport/transport.port.js';
import type { BackoffOptions } from './backoff.js';
import { transition, type ConnectionInput, type ConnectionState } from './connection-state.js';

/** So long may the answer to a ping take that only asks whether anybody is there. */
const PROBE_MS = 5_000;
/** A try that is younger has begun since whatever woke the client. */
const HANGING_MS = 2_000;

export interface ConnectionOptions {
  readonly url: string;
  readonly path: string;
  readonly client: Handshake['client'];
  readonly backoff: BackoffOptions;
  readonly connectTimeoutMs: number;
  readonly refusalPatienceMs: number;
}

export interface ConnectionParts {
  readonly transport: Transport;
  readonly tokens: TokenSource;
  readonly environment: Environment;
  readonly options: ConnectionOptions;
}

/** Who is told what happens on the connection. */
export interface ConnectionListener {
  changed(state: ConnectionState, before: ConnectionState): void;
  frame(frame: ServerFrame): void;
  /** Requests may be sent again, or must not be until it is known whether the link is alive. */
  doubtChanged(): void;
  /** Whether an answer is owed on this link, so that leaving it now would cost something. */
  isBusy(): boolean;
}

/** Does what the connection's state says: opens and closes links, and waits. */
export class Connection {
  #state: ConnectionState = { kind: 'disconnected' };
  #link: Link | undefined;
  /** Aborted when its try, or the link that came of it, is given up: whatever still arrives from it is dropped. */
  #attempt = new AbortController();
  /** The token of this try, or of the session that came of it. */
  #token: string | undefined;
  /** The last token that was refused: another one was fetched since. */
  #refusedToken: string | undefined;
  /** When the last session was lost; 0 when none was, or it was left on purpose. */
  #lostAt = 0;
  #triedAt = 0;
  /** Ends the doubt in the link, if there is one. */
  #believe: (() => void) | undefined;
  #cancelTimer = (): void => {};
  #stopListening = (): void => {};

  constructor(
    private readonly parts: ConnectionParts,
    private readonly listener: ConnectionListener,
  ) {}

  get state(): ConnectionState {
    return this.#state;
  }

  /** The link may be dead: what can wait should not be sent on it. */
  get isDoubted(): boolean {
    return this.#believe !== undefined;
  }

  /** The link on which frames may be sent now. */
  get link(): Link | undefined {
    return this.#state.kind === 'connected' ? this.#link : undefined;
  }

  apply(input: ConnectionInput): void {
    const { environment, options } = this.parts;
    const before = this.#state;
    const moment = { ...momentIn(environment, options.backoff), patienceMs: options.refusalPatienceMs };
    const state = transition(before, this.#judged(input), moment);
    if (state === before) return;
    this.#state = state;
    if (isSettled(state)) this.#refusedToken = undefined;
    if (before.kind === 'connected' || before.kind === 'draining') this.#lostAt = environment.now();
    if (state.kind === 'disconnected') this.#lostAt = 0;
    this.#follow(state);
    this.listener.changed(state, before);
  }

  #follow(state: ConnectionState): void {
    const { environment } = this.parts;
    this.#cancelTimer();
    this.#stopListening();
    this.#believe?.();
    if (state.kind !== 'connected' && state.kind !== 'draining') this.#giveUp();
    if (state.kind === 'connecting' || state.kind === 'connected' || state.kind === 'reconnecting') {
      this.#stopListening = environment.onWake(() => this.#woken());
    }
    if (state.kind === 'connecting') this.#begin();
    if (state.kind === 'reconnecting' || state.kind === 'draining') {
      this.#cancelTimer = runAt(environment, state.nextAt, () =>
        this.apply({ kind: 'due', busy: this.listener.isBusy() }),
      );
    }
  }

  #woken(): void {
    const { kind } = this.#state;
    if (kind === 'connected') this.#doubt();
    else if (kind === 'connecting' && this.parts.environment.now() - this.#triedAt > HANGING_MS) this.#tryAnew();
    else this.apply({ kind: 'wake' });
  }

  /** What hangs since before the network came back may hang for long. */
  #tryAnew(): void {
    this.#cancelTimer();
    this.#giveUp();
    this.#begin();
  }

  /** Asks whether anybody is there. Any answer will do: an older server, which does not know the frame, answers too. */
  #doubt(): void {
    const link = this.#link;
    if (!link || this.#believe) return;
    const cancel = this.parts.environment.after(PROBE_MS, () => this.apply({ kind: 'lost' }));
    const believe = (): void => {
      if (this.#believe !== believe) return;
      cancel();
      this.#believe = undefined;
      this.listener.doubtChanged();
    };
    this.#believe = believe;
    this.listener.doubtChanged();
    link.send('ping', {}, believe);
  }

  #giveUp(): void {
    this.#attempt.abort();
    this.#link?.close();
    this.#link = undefined;
  }

  /** Notes that a token was refused, and says of an expired one whether it was fresh: then it is a clock that is wrong. */
  #judged(input: ConnectionInput): ConnectionInput {
    if (input.kind !== 'lost' || input.error?.retry !== 'reauthenticate') return input;
    const token = this.#token ?? '';
    const isFresh = this.#refusedToken !== undefined && this.#refusedToken !== token;
    this.#refusedToken = token;
    const isExpired = input.error.code === 'TOKEN_EXPIRED' && input.error.reason === undefined;
    return isExpired && isFresh ? { ...input, error: { ...input.error, reason: 'clock' } } : input;
  }

  #begin(): void {
    const attempt = (this.#attempt = new AbortController());
    this.#token = undefined;
    this.#triedAt = this.parts.environment.now();
    this.parts.tokens.fetch(this.#refusedToken === undefined ? 'connect' : 'refused', attempt.signal).then(
      (token) => {
        if (attempt.signal.aborted) return;
        if (token) this.#open(token, attempt.signal);
        else
          this.apply({
            kind: 'lost',
            error: { ...noToken('nobody is signed in', 'reauthenticate'), reason: 'missing' },
          });
      },
      (error: unknown) => {
        if (!attempt.signal.aborted) this.apply({ kind: 'lost', error: tokenFailure(error) });
      },
    );
  }

  #open(token: string, given: AbortSignal): void {
    const { transport, environment, options } = this.parts;
    this.#token = token;
    let fault: ConnectFault = 'silent';
    const unlessGivenUp = (input: ConnectionInput) => {
      if (!given.aborted) this.apply(input);
    };
    const listener: LinkListener = {
      // Nothing may be sent before `welcome` has said for whom.
      opened: () => (fault = 'namespace'),
      closed: (reason, said) => {
        const error = said ?? (this.#state.kind === 'connecting' ? connectFailed('unknown', reason) : undefined);
        unlessGivenUp({ kind: 'lost', ...(error && { error }) });
      },
      frame: (frame) => {
        try {
          if (!given.aborted) this.#believe?.();
          if (!given.aborted && frame.name === 'control') this.#obey(frame.body);
          if (!given.aborted) this.listener.frame(frame);
        } catch (error) {
          // Thrown into the transport, one malformed frame would end a Node process.
          environment.report(error);
        }
      },
    };
    // At least 1: 0 says that there was no session before.
    const awayMs = this.#lostAt && (environment.now() - this.#lostAt || 1);
    const handshake = { protocol: PROTOCOL_VERSION, token, client: options.client, awayMs };
    this.#cancelTimer();
    this.#cancelTimer = environment.after(options.connectTimeoutMs, () =>
      this.apply({ kind: 'lost', error: connectFailed(fault) }),
    );
    try {
      this.#link = transport.open({ url: options.url, path: options.path, handshake }, listener);
    } catch (error) {
      environment.report(error);
      this.apply({ kind: 'lost', error: connectFailed('unknown') });
    }
  }

  #obey(control: ControlFrame): void {
    if (control.kind === 'welcome') {
      const { session, subject, limits } = control;
      this.apply({ kind: 'opened', session, ...(subject !== undefined && { subject }), ...(limits && { limits }) });
    }
    if (control.kind === 'closing') this.apply({ kind: 'lost', error: control.error });
    if (control.kind === 'draining') this.apply({ kind: 'draining', retryAfterMs: control.retryAfterMs });
  }
}

/** What was refused before says nothing about the next token. */
const isSettled = ({ kind }: ConnectionState): boolean =>
  kind === 'connected' || kind === 'needs-auth' || kind === 'disconnected';

function tokenFailure(error: unknown): WireError {
  return noToken(error instanceof Error ? error.message : String(error), 'backoff');
}

function noToken(why: string, retry: RetryPolicy): WireError {
  return { code: 'UNAUTHENTICATED', message: `No token: ${why}`, retry };
}
