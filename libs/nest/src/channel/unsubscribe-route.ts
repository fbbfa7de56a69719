import { isChannelName } from '@millrace/protocol';
import type { FrameRoute } from '../session/frame-route.js';
import type { Session } from '../session/session.js';
import { readUnsubscribeFrame } from './channel-frames.js';
import { withdrawn } from './subscription.js';
import type { SubscriptionRegistry } from './subscription-registry.js';

/** `unsubscribe`: afterwards the session is subscribed to none of the channels, whatever it was before. */
export class UnsubscribeRoute implements FrameRoute {
  readonly name = 'unsubscribe';
  readonly isUrgent = true;

  constructor(private readonly subscriptions: SubscriptionRegistry) {}

  handle(session: Session, body: unknown): Promise<object> {
    for (const name of readUnsubscribeFrame(body).channels) {
      const subscription = isChannelName(name) ? this.subscriptions.find(session, name) : undefined;
      if (subscription) this.subscriptions.end(subscription, withdrawn());
    }
    return Promise.resolve({});
  }
}
