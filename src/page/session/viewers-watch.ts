import type { Client } from '@millrace/client';
import { viewBoard, viewers } from '../../contracts/board.contract.js';
import { others, seen, SEEN_EVERY_MS, type ViewerList } from '../model/viewer-list.js';

export interface ViewersWatchParts {
  readonly client: Client;
  readonly airport: string;
  readonly me: string;
  readonly now: () => number;
  /** Calls `task` again and again; the answer ends that. */
  readonly every: (intervalMs: number, task: () => void) => () => void;
  /** The names of the others, by name; called when they may have changed. */
  readonly onChange: (others: readonly string[]) => void;
}

/** Says who else looks at a board, and to them that we do. */
export class ViewersWatch {
  #list: ViewerList = new Map();
  readonly #end: (() => void)[];

  constructor(private readonly parts: ViewersWatchParts) {
    const { client, airport, every } = parts;
    const subscription = client.subscribe(viewers, { airport });
    subscription.on('viewer.seen', ({ name }) => {
      this.#list = seen(this.#list, name, parts.now());
      this.#tell();
    });
    // Who may not see the others sees nobody; the board itself says what is wrong.
    subscription.on('error', () => {});
    subscription.on('state', (status) => status === 'subscribed' && this.#beat());
    this.#end = [() => subscription.unsubscribe(), every(SEEN_EVERY_MS, () => this.#beat())];
  }

  close(): void {
    for (const end of this.#end) end();
  }

  #beat(): void {
    const { client, airport } = this.parts;
    this.#tell();
    // Waiting for a connection, it would be told later that we looked now.
    if (client.state.kind !== 'connected') return;
    // The next one follows in a moment: one that is lost is not missed.
    client.send(viewBoard, { airport }).catch(() => {});
  }

  #tell(): void {
    const { me, now, onChange } = this.parts;
    onChange(others(this.#list, me, now()));
  }
}
