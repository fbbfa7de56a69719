import { PollingClient } from './polling-client.js';
import { WebsocketClient } from './websocket-client.js';

/** An application that is looked at from outside: a stock one, or the same one with Millrace in it. */
export class Neighbour {
  readonly #open: WebsocketClient[] = [];
  readonly #elsewhere: Neighbour;

  constructor(
    readonly port: number,
    /** Where a gateway has a port of its own. */
    ownPort: number,
    private readonly path = '/socket.io/',
  ) {
    this.#elsewhere = ownPort === port ? this : new Neighbour(ownPort, ownPort, '/elsewhere/');
  }

  get elsewhere(): Neighbour {
    return this.#elsewhere;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A websocket, after `0{…}` of Engine.IO when it was let in. */
  async websocket(query = 'EIO=4&transport=websocket', path = this.path, headers: readonly string[] = []) {
    const client = await WebsocketClient.open(this.port, `${path}?${query}`, headers);
    this.#open.push(client);
    return client;
  }

  /** In a namespace, past its first answers. */
  async joined(namespace = ''): Promise<WebsocketClient> {
    const client = await this.websocket();
    await client.said();
    client.send(`40${namespace}`);
    await client.said();
    // Those of the suites say what they were sent.
    if (this.#elsewhere !== this) await client.said();
    return client;
  }

  polling(path = this.path): Promise<PollingClient> {
    return PollingClient.open(this.origin, path);
  }

  /** Status, body and some headers of a plain request. */
  async ask(path: string, init: RequestInit = {}, headers: readonly string[] = []): Promise<unknown[]> {
    const response = await fetch(`${this.origin}${path}`, init);
    return [response.status, withoutIds(await response.text()), ...headers.map((name) => response.headers.get(name))];
  }

  close(): void {
    for (const client of this.#open.splice(0)) client.end();
    if (this.#elsewhere !== this) this.#elsewhere.close();
  }
}

/** What is seen when this is done to an application, and what is to be seen. */
export interface NeighbourCase {
  readonly name: string;
  readonly look: (app: Neighbour) => Promise<unknown>;
  readonly expected: unknown;
}

/** Ids are random. */
export const withoutIds = (text: string): string => text.replaceAll(/"(sid|pid)":"[^"]+"/g, '"$1":"…"');
