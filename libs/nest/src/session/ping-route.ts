import type { FrameRoute } from './frame-route.js';

/** `ping`: a client that woke up asks whether its connection is alive, sooner than the heartbeat would tell. */
export class PingRoute implements FrameRoute {
  readonly name = 'ping';
  readonly isUrgent = true;

  handle(): Promise<object> {
    return Promise.resolve({});
  }
}
