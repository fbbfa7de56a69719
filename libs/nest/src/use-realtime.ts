import type { INestApplication } from '@nestjs/common';
import { RealtimeIoAdapter } from './session/realtime-io-adapter.js';

/**
 * Makes Millrace's WebSocket adapter the application's. The module does so by itself; call this after
 * `createNestApplication()` when something else has called `app.useWebSocketAdapter()` meanwhile.
 *
 * @publicApi
 */
export function useRealtime(app: INestApplication): void {
  app.useWebSocketAdapter(app.get(RealtimeIoAdapter));
}
