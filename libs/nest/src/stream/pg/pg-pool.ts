import pg from 'pg';
import type { SqlRow } from '../sql-database.port.js';

/**
 * Where clients come from, such as a `pg.Pool`.
 *
 * @publicApi
 */
export interface PgClients<Client extends PgClient = PgClient> {
  /** One client for the caller alone, until its `release()`. */
  connect(): Promise<Client>;
}

/**
 * The part of a `pg.Pool` that is used; a structural type, so that no driver type shows in the declarations.
 *
 * @publicApi
 */
export interface PgPool extends PgClients {
  /** A client that nobody has was lost. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** A new client is there. */
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
  /** Whether `end()` was called; not known of a pool that does not tell. */
  readonly ending?: boolean;
  /** `max`: how many clients it has at most; of a pool that does not tell, 10, the default of `pg`, are assumed. */
  readonly options?: { readonly max?: number };
  /** Ends all clients. */
  end(): Promise<void>;
}

/**
 * The part of a `pg.PoolClient` that is used.
 *
 * @publicApi
 */
export interface PgClient {
  /** Runs one statement. */
  query(query: PgQuery): Promise<PgResult>;
  /** The connection was lost. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Takes a listener off again. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Whether a transaction is open: `T`, failed `E`, or none `I`. */
  getTransactionStatus?(): string | null;
  /** Gives the client back; `true` destroys its connection. */
  release(destroy?: boolean): void;
}

/**
 * A statement with its parameters, as `pg` takes it.
 *
 * @publicApi
 */
export interface PgQuery {
  /** The statement, with `$1`, `$2` … */
  readonly text: string;
  /** Its parameters. */
  readonly values?: unknown[];
  /** How its columns are read, in the place of the driver's own way. */
  readonly types?: PgTypes;
}

/**
 * How columns are read.
 *
 * @publicApi
 */
export interface PgTypes {
  /** What makes a value of the text of a column with this type. */
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown;
}

/**
 * The part of a result of `pg` that is used.
 *
 * @publicApi
 */
export interface PgResult {
  /** The rows by column. */
  readonly rows: SqlRow[];
  /** What was run, such as `COMMIT`; `ROLLBACK` where a COMMIT failed. */
  readonly command: string;
}

export interface PgConnect {
  readonly connectionString: string;
  /** Connections at most. */
  readonly max: number;
  readonly connectTimeoutMs: number;
}

/** The system's two hours would leave half-open connections in the pool. */
const KEEP_ALIVE_AFTER_MS = 10_000;

export function createPool({ connectionString, max, connectTimeoutMs }: PgConnect): PgPool {
  return new pg.Pool({
    connectionString,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    application_name: 'millrace',
  });
}
