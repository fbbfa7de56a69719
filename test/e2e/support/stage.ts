import { createClient, type Client, type ClientOptions } from '@millrace/client';
import type pg from 'pg';
import type { NotesConfig } from '../../apps/notes/notes.config.js';
import { createDatabase, openPool, type FreshDatabase } from '../../support/fresh-database.js';
import { NotesNode } from './notes-node.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { newSecret, signToken, type TokenClaims } from './tokens.js';

type NodeSettings = Omit<NotesConfig, 'databaseUrl' | 'port' | 'secret'>;

/** Everything that one test file needs around a node: its database, the network before it, its clients. */
export class Stage {
  readonly secret = newSecret();
  readonly #clients = new Set<Client>();
  readonly #nodes = new Set<NotesNode>();
  readonly #proxies = new Set<TcpProxy>();
  #node: NotesNode | undefined;

  private constructor(
    readonly database: FreshDatabase,
    readonly proxy: TcpProxy,
    readonly sql: pg.Pool,
    private readonly settings: NodeSettings,
  ) {
    this.#proxies.add(proxy);
  }

  static async set(settings: NodeSettings = {}): Promise<Stage> {
    const database = await createDatabase();
    const sql = openPool(database.url);
    const stage = new Stage(database, await TcpProxy.listen(), sql, settings);
    await stage.startNode();
    return stage;
  }

  get node(): NotesNode {
    if (!this.#node) throw new Error('No node was started');
    return this.#node;
  }

  get config(): NotesConfig {
    return { ...this.settings, databaseUrl: this.database.url, port: 0, secret: this.secret };
  }

  /** Another node in the place of the last one, which has ended. */
  async startNode(settings: NodeSettings = {}): Promise<NotesNode> {
    this.#node = await NotesNode.start({ ...this.config, ...settings });
    this.#nodes.add(this.#node);
    for (const proxy of this.#proxies) proxy.target = this.#node.port;
    return this.#node;
  }

  /** One more node beside the others; clients reach it by its own `url`. `preload` is a module that it loads first. */
  async joinNode(settings: Partial<NotesConfig> = {}, preload?: string, env?: NodeJS.ProcessEnv): Promise<NotesNode> {
    const node = await NotesNode.start({ ...this.config, ...settings }, preload, env);
    this.#nodes.add(node);
    return node;
  }

  /** Kills the node; nobody answers until the next one is started. */
  async killNode(): Promise<void> {
    for (const proxy of this.#proxies) proxy.target = undefined;
    await this.node.kill();
  }

  /** A network of their own for some of the clients. */
  async addProxy(): Promise<TcpProxy> {
    const proxy = await TcpProxy.listen(this.node.port);
    this.#proxies.add(proxy);
    return proxy;
  }

  /** Reconnects quickly, and keeps one token for all its connections unless `token` says otherwise. */
  client(subject: string, options: Partial<ClientOptions> & { readonly claims?: TokenClaims } = {}): Client {
    const { claims, ...more } = options;
    let kept: Promise<string> | undefined;
    const token = () => (kept ??= signToken(this.secret, subject, claims));
    const client = createClient({ url: this.proxy.url, token, minBackoffMs: 50, maxBackoffMs: 400, ...more });
    this.#clients.add(client);
    return client;
  }

  /** Rejects when a node ended without being told to. */
  async clear(): Promise<void> {
    const crashes = [...this.#nodes].flatMap(({ crash }) => crash ?? []);
    for (const client of this.#clients) client.close();
    await Promise.all([...this.#nodes].map((node) => node.kill()));
    await Promise.all([...this.#proxies].map((proxy) => proxy.close()));
    await this.sql.end();
    await this.database.drop();
    if (crashes.length > 0) throw new Error(`A node crashed: ${crashes.join()}`);
  }
}
