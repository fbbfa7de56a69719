/**
 * For whom things wait: one object from a sign-in to the next. What is asked for keeps the one of its moment, which
 * fills in as more becomes known. What the server says counts; until it has said something, the token's own `sub` does.
 */
export interface Principal {
  /** As the server named it in `welcome`. */
  subject?: string;
  /** `sub` of the token, where that is a JWT. */
  claim?: string;
  /** A token was handed out for it. */
  hasToken?: true;
  /** There was a sign-out or a new start since. */
  isPast?: true;
}

/** Follows for whom the client speaks. Nothing of one user may be carried out, or counted on, as another. */
export class Principals {
  #current: Principal = {};

  get current(): Principal {
    return this.#current;
  }

  /** The application starts again: what it asks for from now on is for the user of the next token. */
  restarted(): void {
    this.#begin({});
  }

  /** The token function answered; `''` where no user is signed in. */
  tokenCame(token: string): void {
    if (!token) return this.#begin({});
    const claim = claimIn(token);
    const isOther = claim !== undefined && this.#current.claim !== undefined && claim !== this.#current.claim;
    if (isOther) this.#begin({});
    this.#current.hasToken = true;
    if (claim !== undefined) this.#current.claim = claim;
  }

  /** A session is open. A server of an earlier version does not say for whom. */
  welcomed(subject: string | undefined): void {
    const { subject: known, claim } = this.#current;
    if (subject === undefined || subject === known) return;
    if (known !== undefined) this.#begin(claim === undefined ? {} : { claim });
    this.#current.hasToken = true;
    this.#current.subject = subject;
  }

  /** Whether what waits for `owner` may be done in the session of now. */
  isCurrent(owner: Principal): boolean {
    const now = this.#current;
    if (owner.subject !== undefined && now.subject !== undefined) return owner.subject === now.subject;
    if (owner.claim !== undefined && now.claim !== undefined) return owner.claim === now.claim;
    return owner === now || !owner.isPast;
  }

  #begin(next: Principal): void {
    // No user has been named yet: what waits is for the first one.
    if (!this.#current.hasToken) return;
    this.#current.isPast = true;
    this.#current = next;
  }
}

/** Read without a look at the signature: it only has to tell two users of this client apart. */
function claimIn(token: string): string | undefined {
  const [, payload] = token.split('.');
  if (!payload || typeof atob !== 'function') return undefined;
  try {
    const { sub } = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { readonly sub?: unknown };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
