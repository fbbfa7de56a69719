import type { Namespace } from 'socket.io';

const QUESTION = 'millrace:describe';

/** Asks the other nodes who they are, over the adapter that syncs rooms. */
export class OtherNodes {
  #namespace: Namespace | undefined;
  #describe = (): object => ({});

  bind(namespace: Namespace): void {
    this.#namespace = namespace;
    namespace.on(QUESTION, (answer: (description: object) => void) => answer(this.#describe()));
  }

  /** What this node answers to the others. */
  answer(describe: () => object): void {
    this.#describe = describe;
  }

  /**
   * Rejects when they cannot be asked: without Redis, while it is away, or when one of them does not answer within five
   * seconds.
   */
  async ask(): Promise<readonly object[]> {
    if (!this.#namespace) throw new Error('The node has not started');
    return (await this.#namespace.serverSideEmitWithAck(QUESTION)) as readonly object[];
  }
}
