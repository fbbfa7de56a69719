export { FakeClock, settle } from './fake-clock.js';
export { FakeLink } from './fake-link.js';
export type { FakeRequest } from './fake-link.js';
export { FakeLog } from './fake-log.js';
export { FakeServer } from './fake-server.js';
export type { FakeServerOptions } from './fake-server.js';
