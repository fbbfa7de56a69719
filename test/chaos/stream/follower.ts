import pg from 'pg';

/** Follows the log the plain way: whatever has a higher `pos` than the last one seen. */
export class Follower {
  readonly seen = new Set<string>();
  #last = 0;
  #ending = false;
  #following: Promise<void> | undefined;
  readonly #client: pg.Client;

  constructor(connectionString: string) {
    this.#client = new pg.Client({ connectionString, application_name: 'follower' });
  }

  async start(): Promise<void> {
    await this.#client.connect();
    this.#following = this.#follow();
  }

  /** Looks a last time before it ends. */
  async stop(): Promise<void> {
    this.#ending = true;
    await this.#following;
    await this.#look();
    await this.#client.end();
  }

  async #follow(): Promise<void> {
    while (!this.#ending) await this.#look();
  }

  async #look(): Promise<void> {
    const { rows } = await this.#client.query<{ pos: string; id: string }>(
      'select pos, id from millrace.event where pos > $1 order by pos',
      [this.#last],
    );
    for (const { pos, id } of rows) {
      this.seen.add(id);
      this.#last = Number(pos);
    }
  }
}
