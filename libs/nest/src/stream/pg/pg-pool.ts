import pg from 'pg';
import type { SqlRow } from '../sql-database.port.js';

/** Where clients come from, such as a `pg.Pool`. */
export interface PgClients<Client extends PgClient = PgClient> {
  connect(): Promise<Client>;
}

/** The part of a `pg.Pool` that is used; a structural type, so that no driver type shows in the declarations. */
export interface PgPool extends PgClients {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
  end(): Promise<void>;
}

export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** `true` destroys the connection. */
  release(destroy?: boolean): void;
}

export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  readonly types?: PgTypes;
}

export interface PgTypes {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown;
}

export interface PgResult {
  readonly rows: SqlRow[];
  readonly command: string;
}

const INT8_OID = 20;
const parserOf = pg.types.getTypeParser as PgTypes['getTypeParser'];

/** Per query, never on the driver: an application's own type parsers stay as they are. */
export const sqlTypes: PgTypes = {
  getTypeParser: (oid, format) => (oid === INT8_OID && format !== 'binary' ? parseInt8 : parserOf(oid, format)),
};

function parseInt8(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
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
