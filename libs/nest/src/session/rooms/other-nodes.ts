import type { Namespace } from 'socket.io';
import type { Clock } from '../../core/clock.js';
import { inTime, LATE } from '../../core/in-time.js';

const QUESTION = 'millrace:describe';
/** The adapter gives nodes five seconds, and its own answer may never come. */
const ASK_TIMEOUT_MS = 6_000;

export interface OtherNodesParts {
  /** Whether nodes can hear each other now. */
  readonly isConnected: () => boolean;
  readonly clock: Clock;
}

export interface NodeAnswers {
  readonly nodes: readonly object[];
  /** Whether every node that there is has answered. */
  readonly complete: boolean;
}

const nobody: NodeAnswers = { nodes: [], complete: false };

/** Asks the other nodes who they are, over the adapter that syncs rooms. */
export class OtherNodes {
  #namespace: Namespace | undefined;
  #describe = (): object => ({});

  constructor(private readonly parts: OtherNodesParts) {}

  bind(namespace: Namespace): void {
    this.#namespace = namespace;
    namespace.on(QUESTION, (answer: (description: object) => void) => answer(this.#describe()));
  }

  /** What this node answers to the others. */
  answer(describe: () => object): void {
    this.#describe = describe;
  }

  /**
   * Never rejects, and waits for nobody without end: the adapter calls nobody back when Redis cannot tell it how many
   * nodes there are.
   */
  async ask(): Promise<NodeAnswers> {
    if (!this.#namespace || !this.parts.isConnected()) return nobody;
    const asked = this.#namespace.serverSideEmitWithAck(QUESTION).then(
      (answers: unknown) => ({ nodes: objectsIn(answers), complete: true }),
      // It tells with the error who has answered all the same.
      (error: unknown) => ({ nodes: objectsIn((error as { responses?: unknown }).responses), complete: false }),
    );
    const answers = await inTime(this.parts.clock, ASK_TIMEOUT_MS, asked);
    return answers === LATE ? nobody : answers;
  }
}

/** Another node may be of another release. */
const objectsIn = (answers: unknown): readonly object[] =>
  Array.isArray(answers) ? answers.filter((answer) => typeof answer === 'object' && answer !== null) : [];
