import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';

/** An issuer's key server on 127.0.0.1: what it answers, and how often it was asked. */
export class KeyServer {
  keys: readonly JWK[] = [];
  mode: 'up' | 'failing' | 'babbling' | 'empty' | 'hanging' = 'up';
  asked = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((_, response) => {
      this.asked++;
      if (this.mode === 'hanging') return;
      response.statusCode = this.mode === 'failing' ? 503 : 200;
      response.end(this.#body());
    });
  }

  static async start(): Promise<KeyServer> {
    const keyServer = new KeyServer();
    await new Promise<void>((resolve) => keyServer.#server.listen(0, '127.0.0.1', resolve));
    return keyServer;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks.json`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #body(): string {
    if (this.mode === 'babbling') return '<html>';
    return JSON.stringify(this.mode === 'empty' ? { error: 'no keys' } : { keys: this.keys });
  }
}
