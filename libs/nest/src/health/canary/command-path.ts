import type { Deadline } from '../../core/deadline.js';
import type { ChannelPublisher } from '../../stream/channel-publisher.js';
import { detached, type AmbientScope } from '../../stream/transaction/ambient.js';
import type { TransactionPort } from '../../stream/transaction/transaction.port.js';
import { TransactionRun } from '../../stream/transaction/transaction-run.js';
import type { HealthReport } from '../proof.js';
import { canaryChannel } from './canary-channel.js';
import type { CanaryPath } from './delivery-canary.js';

export interface CommandPathParts {
  readonly node: string;
  /** Those of the command handlers: the pool of an ORM can be exhausted while Millrace's own is not. */
  readonly transactions: TransactionPort;
  readonly ambient: AmbientScope;
  readonly publisher: Pick<ChannelPublisher, 'publish'>;
  readonly report: () => HealthReport;
}

/** Publishes a canary in a transaction of the kind that a command handler has. */
export class CommandPath implements CanaryPath {
  constructor(private readonly parts: CommandPathParts) {}

  async commit(staged: (id: string) => void, deadline: Deadline): Promise<void> {
    const { node, transactions, ambient, publisher, report } = this.parts;
    const publish = async (): Promise<void> => {
      const { id } = await publisher.publish(canaryChannel, { node }, 'canary.sent', { health: report() });
      staged(id);
    };
    // Not inside whatever happened to start the node or its timer.
    await detached(() => {
      const run = new TransactionRun(transactions, 1);
      return run.run((_handle, unit) => ambient.run({ cause: {}, unit }, publish), deadline);
    });
  }
}
