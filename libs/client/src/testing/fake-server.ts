import type {
  AuthenticateFrame,
  CommandFrame,
  HistoryFrame,
  SubscribeAnswer,
  SubscribeFrame,
  UnsubscribeFrame,
  WireError,
} from '@millrace/protocol';
import type { ClientOptions } from '../client.options.js';
import type { Environment } from '../environment/environment.port.js';
import type { ClientFrameName, LinkListener, LinkTarget, Transport } from '../transport/transport.port.js';
import { FakeClock, settle } from './fake-clock.js';
import { FakeLink, type FakeRequest } from './fake-link.js';

/** What a test may script before a client connects. @publicApi */
export interface FakeServerOptions {
  /** `at-once`: every connection is let in by itself. `by-hand`: the test calls `accept()` or `refuse()`. */
  readonly accept?: 'at-once' | 'by-hand';
  /** The jitter of all retries, from 0 up to 1. @defaultValue `() => 0.5` */
  readonly random?: () => number;
}

/**
 * A server that does what the test says, in memory and in fake time.
 *
 * ```ts
 * const server = new FakeServer();
 * const client = createClient({ ...server.options });
 * const seen: unknown[] = [];
 * client.subscribe(desk, { airport: 'SFO' }).on('departure.recorded', (data) => seen.push(data));
 * await server.settle();
 * const log = new FakeLog('desk.SFO');
 * server.expectSubscribe().answer({ items: [...] });
 * server.link.events(log.publish('departure.recorded', { flight: 1 }));
 * ```
 *
 * @publicApi
 */
export class FakeServer implements Transport {
  /** The time of client and server. */
  readonly clock = new FakeClock();
  /** Every connection that a client opened, oldest first. */
  readonly links: FakeLink[] = [];
  /** What the client reported because nobody took it. */
  readonly reported: unknown[] = [];
  /** Spread them into `createClient`. */
  readonly options: Pick<ClientOptions, 'url' | 'token'> & {
    readonly transport: Transport;
    readonly environment: Partial<Environment>;
  };
  #ids = 0;
  /** For whom the next session speaks; `undefined`: does not say, like a server of an earlier version. */
  subject: string | undefined = 'ada';
  readonly #wakeListeners = new Set<() => void>();

  constructor(private readonly script: FakeServerOptions = {}) {
    const { now, after } = this.clock;
    this.options = {
      url: 'fake:',
      token: () => 'token',
      transport: this,
      environment: {
        now,
        after,
        random: script.random ?? (() => 0.5),
        uuid: () => `id-${++this.#ids}`,
        onWake: (listener) => {
          this.#wakeListeners.add(listener);
          return () => void this.#wakeListeners.delete(listener);
        },
        report: (error) => void this.reported.push(error),
      },
    };
  }

  /** The newest connection. @throws Error when no client has connected */
  get link(): FakeLink {
    const link = this.links.at(-1);
    if (!link) throw new Error('No client has connected');
    return link;
  }

  /** Called by the client. */
  open({ handshake }: LinkTarget, listener: LinkListener): FakeLink {
    const link = new FakeLink(handshake, listener);
    this.links.push(link);
    const session = `session-${this.links.length}`;
    if (this.script.accept !== 'by-hand') void Promise.resolve().then(() => link.accept(session, this.subject));
    return link;
  }

  /** Lets the connection in that waits. */
  accept(): void {
    this.link.accept(`session-${this.links.length}`, this.subject);
  }

  /** Refuses the connection that waits. */
  refuse(error: WireError): void {
    this.link.drop(error);
  }

  /** Lets the client do what it can do without time passing. */
  settle(): Promise<void> {
    return settle();
  }

  /** The network is back, or the page is looked at again. */
  wake(): void {
    for (const listener of Array.from(this.#wakeListeners)) listener();
  }

  /** Takes the oldest waiting `subscribe`. @throws Error when there is none */
  expectSubscribe(): FakeRequest<SubscribeFrame> {
    return this.#take<SubscribeFrame>('subscribe');
  }

  /** Takes the oldest waiting `subscribe` and answers each item with what `reply` makes of it. @throws Error when there is none */
  answerSubscribe(reply: (item: SubscribeFrame['items'][number]) => SubscribeAnswer): void {
    const request = this.expectSubscribe();
    request.answer({ items: request.body.items.map(reply) });
  }

  /** Takes the oldest waiting `unsubscribe`. @throws Error when there is none */
  expectUnsubscribe(): FakeRequest<UnsubscribeFrame> {
    return this.#take<UnsubscribeFrame>('unsubscribe');
  }

  /** Takes the oldest waiting `command`. @throws Error when there is none */
  expectCommand(): FakeRequest<CommandFrame> {
    return this.#take<CommandFrame>('command');
  }

  /** Takes the oldest waiting `history`. @throws Error when there is none */
  expectHistory(): FakeRequest<HistoryFrame> {
    return this.#take<HistoryFrame>('history');
  }

  /** Takes the oldest waiting `authenticate`. @throws Error when there is none */
  expectAuthenticate(): FakeRequest<AuthenticateFrame> {
    return this.#take<AuthenticateFrame>('authenticate');
  }

  /** @throws Error when none waits */
  #take<Body extends object>(name: ClientFrameName): FakeRequest<Body> {
    const { requests } = this.link;
    const index = requests.findIndex((request) => request.name === name);
    const [request] = index < 0 ? [] : requests.splice(index, 1);
    if (!request) {
      const waiting = requests.map((other) => other.name).join(', ') || 'nothing';
      throw new Error(`The client did not send "${name}"; waiting: ${waiting}`);
    }
    return request as FakeRequest<Body>;
  }
}
