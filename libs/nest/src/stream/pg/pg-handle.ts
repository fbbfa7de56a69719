import { CodedError } from '../../core/coded-error.js';
import type { SqlExecutor } from '../sql-database.port.js';
import { HandleStatements } from '../transaction/handle-statements.js';
import type { PgClient } from './pg-pool.js';
import { sqlTypes } from './sql-types.js';

/** A query that speaks to the connection by itself, as cursors and streams do; the driver tells it when it is over. */
interface Submittable {
  submit(connection: unknown): unknown;
  handleReadyForQuery(...args: unknown[]): unknown;
  handleError(...args: unknown[]): unknown;
}

type Callback = (error: Error) => void;

const NOT_YOURS: ReadonlySet<string | symbol> = new Set(['release', 'end', 'connect']);

/**
 * A client of the application's pool for as long as a handler runs. The handler gets a proxy of it, which refuses once
 * the handler has ended: the client itself is back in the pool by then and may be in somebody else's transaction.
 */
export class PgHandle<Client extends PgClient> implements SqlExecutor {
  readonly proxy: Client;
  readonly #statements = new HandleStatements();
  #held = 0;

  constructor(private readonly client: Client) {
    // What it calls otherwise runs with the proxy as `this`, so that nothing hands the bare client out.
    this.proxy = new Proxy(client, {
      get: (target, key, proxy): unknown => {
        if (key === 'query') return (...args: unknown[]) => this.#query(args);
        return NOT_YOURS.has(key) ? refuse(String(key)) : Reflect.get(target, key, proxy);
      },
    });
  }

  /** Whether a cursor or stream still holds the connection: whatever comes after it would wait for ever. */
  get isHeld(): boolean {
    return this.#held > 0;
  }

  async query(sql: string, params: readonly unknown[]) {
    const { rows } = await this.#statements.run(() =>
      this.client.query({ text: sql, values: [...params], types: sqlTypes }),
    );
    return rows;
  }

  /** Refuses from now on, and waits for what is in flight. */
  close(): Promise<unknown> | undefined {
    return this.#statements.end();
  }

  #query(args: unknown[]): unknown {
    const send = this.client.query.bind(this.client) as (...args: unknown[]) => unknown;
    const issue = (): unknown => send(...args);
    const [query] = args;
    const callback = args.findLast((arg): arg is Callback => typeof arg === 'function');
    if (!callback && !isSubmittable(query)) return this.#statements.run(async () => issue());
    if (!this.#statements.haveEnded) {
      if (isSubmittable(query)) this.#watch(query);
      return issue();
    }
    const ended = new CodedError('TRANSACTION_ENDED');
    if (!callback) throw ended;
    process.nextTick(callback, ended);
    return undefined;
  }

  #watch(query: Submittable): void {
    this.#held++;
    const over = new Promise<void>((resolve) => {
      for (const end of ['handleReadyForQuery', 'handleError'] as const) {
        const own = query[end].bind(query);
        query[end] = (...args) => {
          resolve();
          return own(...args);
        };
      }
    });
    void this.#statements.run(() => over.finally(() => this.#held--));
  }
}

const isSubmittable = (query: unknown): query is Submittable =>
  typeof query === 'object' && query !== null && 'submit' in query && typeof query.submit === 'function';

function refuse(name: string): () => never {
  return () => {
    throw new TypeError(`${name}() is not for a handler: the connection of its transaction is given back by itself`);
  };
}
