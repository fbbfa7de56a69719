import type { Clock } from '../../core/clock.js';
import { Rounds } from '../../core/rounds.js';
import { Signer, type KeyRing, type SecretKey } from '../../core/signer.js';
import { quoted } from '../migrations/migration.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';

export interface InstallationKeysParts {
  readonly database: SqlExecutor;
  readonly schema: string;
  readonly clock: Clock;
}

const REFRESH_MS = 60_000;
/** A new secret signs once every node has had several refreshes to learn it. */
const SIGNS_AFTER = `interval '5 minutes'`;

/** The secrets of this installation, as the database has them. A node without its database keeps those it knew. */
export class InstallationKeys implements KeyRing {
  readonly #rounds: Rounds;
  #keys: ReadonlyMap<number, SecretKey> = new Map();
  #current: SecretKey | undefined;

  constructor(private readonly parts: InstallationKeysParts) {
    this.#rounds = new Rounds(parts.clock, REFRESH_MS, () => this.#read());
  }

  /** After the start of the store, which sets up the schema. */
  async start(): Promise<void> {
    await this.#read();
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  get current(): SecretKey {
    if (!this.#current) throw new Error('The secrets of the installation are not read yet');
    return this.#current;
  }

  find(id: number): SecretKey | undefined {
    return this.#keys.get(id);
  }

  signer(purpose: string): Signer {
    return new Signer(this, purpose);
  }

  async #read(): Promise<void> {
    const { database, schema } = this.parts;
    const rows = await database.query(
      `select id, key, created_at <= now() - ${SIGNS_AFTER} or id = min(id) over () as signs
from ${quoted(schema)}.secret order by id`,
      [],
    );
    const current = rows.findLast((row) => row['signs'] === true);
    if (!current) throw new Error('The installation has no secret: its table "secret" is empty');
    this.#keys = new Map(rows.map((row) => [Number(row['id']), this.#keyOf(row)]));
    this.#current = this.#keys.get(Number(current['id']));
  }

  /** The same object as before for a secret that is known, so that what is derived from it stays. */
  #keyOf(row: SqlRow): SecretKey {
    const id = Number(row['id']);
    return this.#keys.get(id) ?? { id, bytes: Buffer.from(String(row['key']), 'hex') };
  }
}
