import { total } from '../../e2e/support/metrics.js';
import type { NotesNode } from '../../e2e/support/notes-node.js';

const counters = {
  gaps: 'realtime_hub_order_checks_total{result="gap"}',
  repairs: 'realtime_hub_order_checks_total{result="repaired"}',
  duplicates: 'realtime_hub_order_checks_total{result="duplicate"}',
  redisLost: 'realtime_redis_connections_lost_total',
  batchesFromOthers: 'realtime_broker_batches_delivered_total{from="other"}',
} as const;

/** What nodes counted in their lives, added up. */
export class NodeCounts {
  readonly #sums = Object.fromEntries(Object.keys(counters).map((what) => [what, 0])) as Record<
    keyof typeof counters,
    number
  >;

  /** The last word of a node. */
  async leave(node: NotesNode): Promise<void> {
    const metrics = await node.metrics();
    for (const [what, name] of Object.entries(counters) as [keyof typeof counters, string][]) {
      this.#sums[what] += total(metrics, name);
    }
  }

  total(): Readonly<Record<keyof typeof counters, number>> {
    return { ...this.#sums };
  }
}
