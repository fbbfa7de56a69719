import type { Namespace } from 'socket.io';
import type { Clock } from '../../core/clock.js';
import type { Ids } from '../../core/ids.js';
import { inTime, LATE } from '../../core/in-time.js';
import { inBackground, safely } from '../../core/safely.js';
import type { NodeDescription } from './node-description.js';

const QUESTION = 'millrace:ask';
const ANSWER = 'millrace:answer';
const ANSWER_TIMEOUT_MS = 5_000;

export interface OtherNodesParts {
  /** Whether nodes can hear each other now. */
  readonly isConnected: () => boolean;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Another node may be of another release. */
type Description = Partial<NodeDescription>;

export interface NodeAnswers {
  readonly nodes: readonly Description[];
  /** Whether every node that there is has answered. */
  readonly complete: boolean;
}

/**
 * Asks the other nodes who they are, over the adapter that syncs rooms. Not with its acknowledgements, which bring nothing
 * before all have answered: one node that is frozen would silence the rest.
 */
export class OtherNodes {
  readonly #asked = new Map<string, (description: unknown) => void>();
  #namespace: Namespace | undefined;
  #describe: (() => NodeDescription) | undefined;

  constructor(private readonly parts: OtherNodesParts) {}

  bind(namespace: Namespace): void {
    this.#namespace = namespace;
    const answer = (id: string): void => {
      if (this.#describe) namespace.serverSideEmit(ANSWER, id, this.#describe());
    };
    namespace.on(QUESTION, safely('A question of another node', answer));
    const answered = (id: string, description: unknown): void => this.#asked.get(id)?.(description);
    namespace.on(ANSWER, safely('The answer of another node', answered));
  }

  /** What this node answers to the others. */
  answer(describe: () => NodeDescription): void {
    this.#describe = describe;
  }

  /** Never rejects: whoever has answered by then. */
  async ask(timeoutMs = ANSWER_TIMEOUT_MS): Promise<NodeAnswers> {
    const namespace = this.#namespace;
    if (!namespace || !this.parts.isConnected()) return { nodes: [], complete: false };
    const id = this.parts.ids.next();
    const nodes: Description[] = [];
    const all = new Promise<void>((resolve) => {
      let expected = Infinity;
      const look = (): void => {
        if (nodes.length >= expected) resolve();
      };
      this.#asked.set(id, (description) => {
        if (isObject(description)) nodes.push(description);
        look();
      });
      const counted = countOthers(namespace).then((others) => {
        expected = others;
        look();
      });
      inBackground('The count of nodes', counted);
    });
    namespace.serverSideEmit(QUESTION, id);
    const outcome = await inTime(this.parts.clock, timeoutMs, all);
    this.#asked.delete(id);
    return { nodes, complete: outcome !== LATE };
  }
}

/** `Infinity` where Redis does not say. */
async function countOthers(namespace: Namespace): Promise<number> {
  try {
    return (await namespace.adapter.serverCount()) - 1;
  } catch {
    return Infinity;
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
