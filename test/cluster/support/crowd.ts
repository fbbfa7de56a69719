import type { Client } from '@millrace/client';
import { board } from '../../apps/notes/contracts.js';
import { JournalKeeper } from '../../e2e/support/journal-keeper.js';
import { until } from '../../e2e/support/until.js';
import type { Cluster } from './cluster.js';

const CLIENTS = 200;
const BOARDS_EACH = 2;
export const boards = Array.from({ length: 20 }, (_, index) => `b${index}`);

/** Clients that stay to the end, each with a journal of every board that it reads. */
export class Crowd {
  readonly clients: readonly Client[];
  readonly keepers: readonly JournalKeeper[];
  #connects = 0;

  constructor(cluster: Cluster) {
    this.clients = Array.from({ length: CLIENTS }, (_, index) => cluster.client(`reader-${index}`));
    this.keepers = this.clients.flatMap((client, index) =>
      Array.from({ length: BOARDS_EACH }, (_, nth) => {
        const name = boards[(index + nth * 7) % boards.length] ?? '';
        return new JournalKeeper(`reader-${index}`, client.subscribe(board, { name }));
      }),
    );
    for (const client of this.clients) {
      client.onState(({ kind }) => (this.#connects += kind === 'connected' ? 1 : 0));
    }
  }

  get reconnects(): number {
    return Math.max(0, this.#connects - CLIENTS);
  }

  /** Events that they got later because they were away. */
  get recovered(): number {
    return this.keepers.reduce((sum, { recovered }) => sum + recovered, 0);
  }

  async isThere(): Promise<void> {
    await until(
      'all are connected and subscribed',
      () =>
        this.clients.every(({ state }) => state.kind === 'connected') &&
        this.keepers.every(({ subscription }) => subscription.state === 'subscribed'),
      30_000,
    );
  }
}
