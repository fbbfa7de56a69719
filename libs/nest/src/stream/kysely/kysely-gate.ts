import type { CompiledQuery, ConnectionProvider, DatabaseConnection, QueryResult } from 'kysely';
import { CodedError } from '../../core/coded-error.js';
import { HandleStatements } from '../transaction/handle-statements.js';

type Consumer<T> = (connection: DatabaseConnection) => Promise<T>;
type Pages<R> = AsyncIterableIterator<QueryResult<R>>;

/** Gives the connection of one transaction to its statements, until the handler ends. */
export class KyselyGate implements ConnectionProvider {
  readonly #statements = new HandleStatements();
  readonly #streams = new Set<Pages<unknown>>();
  #abandoned = false;
  #hasFailed = false;

  constructor(private readonly connections: ConnectionProvider) {}

  /** Whether a statement failed: then the server may answer COMMIT with a roll-back, which is no error of the driver. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  provideConnection<T>(consumer: Consumer<T>): Promise<T> {
    return this.#statements.run(() =>
      this.connections.provideConnection((connection) => consumer(this.#watched(connection))),
    );
  }

  close(): Promise<unknown> | undefined {
    return this.#statements.end();
  }

  /**
   * The roll-back is next. What was issued and did not get the connection yet must not come after it, and a stream that
   * is still open would let it wait for ever.
   */
  abandon(): void {
    this.#abandoned = true;
    void this.close();
    for (const stream of this.#streams) void stream.return?.().catch(() => {});
  }

  #watched(connection: DatabaseConnection): DatabaseConnection {
    return {
      executeQuery: (query) => this.#execute(connection, query),
      streamQuery: (query, chunkSize) => this.#stream(connection.streamQuery(query, chunkSize)),
    };
  }

  async #execute<R>(connection: DatabaseConnection, query: CompiledQuery): Promise<QueryResult<R>> {
    this.#refuseAbandoned();
    try {
      return await connection.executeQuery<R>(query);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  async *#stream<R>(pages: Pages<R>): Pages<R> {
    this.#refuseAbandoned();
    this.#streams.add(pages);
    try {
      yield* pages;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    } finally {
      this.#streams.delete(pages);
    }
    // Ended from outside, it would look like one that had no more rows.
    this.#refuseAbandoned();
  }

  #refuseAbandoned(): void {
    if (this.#abandoned) throw new CodedError('TRANSACTION_ENDED');
  }
}
