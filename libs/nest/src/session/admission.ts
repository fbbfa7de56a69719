import type { Socket } from 'socket.io';
import { CodedError } from '../core/coded-error.js';
import { networkOf } from '../limits/client-address.js';
import type { ConnectLimits } from '../limits/connect-limits.js';
import type { Identity } from './authenticator.port.js';
import { readHandshake } from './handshake.js';
import { payerOf } from './payer.js';
import type { Identify } from './identify.js';
import type { LateRefusals } from './refusals/late-refusals.js';

/** A client fetches a fresh token and tries again; whoever needs more tries is guessing. */
const MAX_REFUSALS = 3;

interface Tries {
  pending: boolean;
  refusals: number;
}

/**
 * Lets sockets in. A stranger may ask for a namespace as often as it likes on one connection, and each time a token
 * would be verified: so one try at a time, and few of them.
 */
export class Admission {
  readonly #tries = new WeakMap<object, Tries>();

  constructor(
    private readonly identify: Identify,
    private readonly late: Pick<LateRefusals, 'hold'>,
    private readonly connects: Pick<ConnectLimits, 'ask' | 'enter' | 'trustedHops'>,
  ) {}

  /** @throws CodedError `RATE_LIMITED`, `PROTOCOL_UNSUPPORTED`, or whatever the authenticator says */
  async admit(socket: Socket): Promise<Identity> {
    const tries = this.#triesOf(socket);
    if (tries.pending || tries.refusals >= MAX_REFUSALS) throw new CodedError('RATE_LIMITED');
    tries.pending = true;
    try {
      const { token } = readHandshake(socket.handshake.auth);
      // `fetchSockets()` hands the handshake to other nodes; the token has no business there, or anywhere after this.
      delete socket.handshake.auth['token'];
      await this.connects.ask(socket.handshake);
      const network = networkOf(socket.handshake, this.connects.trustedHops);
      const identity = await this.identify.identify(token, network);
      const { principal, isAnonymous = false } = identity;
      const payer = payerOf(identity, socket.handshake, this.connects.trustedHops);
      await this.connects.enter({ payer, principal, isAnonymous }, socket.handshake, socket.conn);
      return identity;
    } catch (error) {
      tries.refusals++;
      if (isOfToken(error)) await this.late.hold();
      throw error;
    } finally {
      tries.pending = false;
    }
  }

  #triesOf({ conn }: Socket): Tries {
    const tries = this.#tries.get(conn) ?? { pending: false, refusals: 0 };
    this.#tries.set(conn, tries);
    return tries;
  }
}

const isOfToken = (error: unknown): boolean =>
  error instanceof CodedError && (error.code === 'UNAUTHENTICATED' || error.code === 'TOKEN_EXPIRED');
