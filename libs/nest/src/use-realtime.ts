import type { INestApplication } from '@nestjs/common';
import { RealtimeIoAdapter } from './socket/realtime-io-adapter.js';

/**
 * Lets the rooms of your own gateways reach over all nodes, by the Redis of Millrace's option `redis`: the same as
 * `app.useWebSocketAdapter(new RealtimeIoAdapter(app))`. Call it before `app.init()` or `app.listen()`. Without it your
 * gateways are as Nest makes them, and their rooms stay on their node. Millrace's own clients do not need it.
 *
 * @publicApi
 */
export function useRealtime(app: INestApplication): void {
  app.useWebSocketAdapter(new RealtimeIoAdapter(app));
}
