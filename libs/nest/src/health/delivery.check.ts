import type { Clock } from '../core/clock.js';
import type { Finding, ReadinessCheck } from '../core/readiness-check.js';
import type { DeliveryCanary } from './canary/delivery-canary.js';

/** One fault hits the canaries of several nodes at different points of their way, and some arrive that began a little later. */
const SAME_MOMENT_MS = 1_000;

/** Whether an event that is published as handlers do it is emitted on this node. */
export class DeliveryCheck implements ReadinessCheck {
  readonly name = 'delivery';

  constructor(
    private readonly canary: Pick<DeliveryCanary, 'delivery'>,
    private readonly clock: Clock,
  ) {}

  check(): Finding {
    const { delivery } = this.canary;
    const now = this.clock.monotonic();
    switch (delivery.kind) {
      case 'unknown':
        return { kind: 'fault', scope: 'own', reason: 'starting' };
      case 'works': {
        const ageMs = Math.round(now - delivery.sentAt);
        return { kind: 'good', ageMs, facts: { canaryAgeMs: ageMs, tookMs: Math.round(delivery.tookMs) } };
      }
      case 'broken': {
        const forMs = Math.round(now - delivery.since);
        return {
          kind: 'fault',
          scope: 'compared',
          reason: delivery.reason,
          forMs: Math.max(0, forMs - SAME_MOMENT_MS),
          facts: { brokenForMs: forMs },
        };
      }
    }
  }
}
