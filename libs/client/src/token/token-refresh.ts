import type { AuthenticateAnswer, WireError } from '@millrace/protocol';
import type { BackoffOptions } from '../connection/backoff.js';
import type { Environment } from '../environment/environment.port.js';
import { momentIn } from '../environment/moment.js';
import { runAt } from '../environment/run-at.js';
import { readAnswer } from '../transport/answer.js';
import type { Link } from '../transport/transport.port.js';
import { refreshTransition, type RefreshInput, type RefreshState } from './refresh-state.js';
import type { TokenSource } from './token-source.js';

export interface RefreshParts {
  readonly tokens: TokenSource;
  readonly environment: Environment;
  readonly backoff: BackoffOptions;
  readonly answerTimeoutMs: number;
  /** Only a new connection helps. */
  readonly onReconnect: (error: WireError) => void;
}

/** Keeps the token of ONE session fresh; it ends with the session, and what it still fetches then is dropped. */
export class TokenRefresh {
  #state: RefreshState = { kind: 'idle' };
  #cancelTimer = (): void => {};
  readonly #ended = new AbortController();

  constructor(
    private readonly link: Link,
    private readonly parts: RefreshParts,
  ) {}

  expiresIn(inMs: number | undefined): void {
    this.#apply({ kind: 'expires', inMs });
  }

  asked(): void {
    this.#apply({ kind: 'asked' });
  }

  end(): void {
    this.#ended.abort();
    this.#cancelTimer();
  }

  #apply(input: RefreshInput): void {
    if (this.#ended.signal.aborted) return;
    const { environment, backoff, onReconnect } = this.parts;
    const moment = momentIn(environment, backoff);
    const before = this.#state;
    const state = (this.#state = refreshTransition(before, input, moment));
    if (state === before) return;
    this.#cancelTimer();
    if (state.kind === 'waiting') {
      this.#cancelTimer = runAt(environment, state.at, () => this.#apply({ kind: 'due' }));
    }
    if (state.kind === 'fetching') this.#fetch();
    if (state.kind === 'reconnect') onReconnect(state.error);
  }

  #fetch(): void {
    this.parts.tokens.fetch('refresh', this.#ended.signal).then(
      (token) => (token ? this.#send(token) : this.#apply({ kind: 'failed' })),
      () => this.#apply({ kind: 'failed' }),
    );
  }

  #send(token: string): void {
    this.#apply({ kind: 'fetched' });
    if (this.#state.kind !== 'sending') return;
    let answered = false;
    this.#cancelTimer = this.parts.environment.after(this.parts.answerTimeoutMs, () => {
      answered = true;
      this.#apply({ kind: 'failed' });
    });
    this.link.send('authenticate', { token }, (raw) => {
      if (answered) return;
      const answer = readAnswer<AuthenticateAnswer>(raw);
      if (answer.ok) this.#apply({ kind: 'expires', inMs: answer.expiresInMs });
      else this.#apply({ kind: 'failed', error: answer.error });
    });
  }
}
