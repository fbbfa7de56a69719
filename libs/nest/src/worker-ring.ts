import { BatchSender } from './broker/redis/batch-sender.js';
import type { ChannelAccess } from './channel/channel-access.js';
import type { ResolvedOutboundOptions } from './millrace.options.js';
import { OutboundRing } from './outbound-ring.js';
import { RemoteLive } from './session/rooms/remote-live.js';
import type { ChannelPublisher } from './stream/channel-publisher.js';

/**
 * A process that publishes and has no sessions:
 *
 * ```
 * publish ▶ outbox ▶ pass ▶ Redis ▶ the hubs of the nodes
 *                       └─▶ log ──▶ without Redis, the nodes find it there
 * ```
 */
export class WorkerRing extends OutboundRing {
  readonly live = new RemoteLive(this.recorder);
  readonly publisher: ChannelPublisher;
  readonly access: ChannelAccess;
  readonly sender: BatchSender | undefined;

  constructor(options: ResolvedOutboundOptions) {
    super(options);
    this.publisher = this.channelPublisher({ live: this.live });
    this.access = this.channelAccess(this.publisher);
    if (!this.redis) return;
    const sender = new BatchSender(this.senderParts(this.redis));
    this.sequencer.onBatches((batches) => sender.send(batches));
    this.sender = sender;
  }
}
