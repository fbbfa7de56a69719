import { DEFAULT_PATH } from '@millrace/protocol';

/**
 * Limits and times of sessions, resolved.
 *
 * @publicApi
 */
export interface SessionOptions {
  /**
   * Path of Millrace's Socket.IO server, on the application's HTTP server; clients name the same one. Gateways and
   * routes of the application may be below it, and gateways at any other path. @defaultValue `/realtime`
   */
  readonly path: string;
  /**
   * Origins of browser pages that may connect, such as `https://app.example.com`. Requests without an `Origin` (other
   * programs), and pages whose host and port are those of the request's `Host`, are always let through. Behind a proxy
   * that changes `Host`, name your own origin here too; `X-Forwarded-Host` is not looked at, anybody can send it.
   * `Origin: null` (sandboxed pages, files) is refused.
   * @defaultValue `[]`
   */
  readonly allowedOrigins: readonly string[];
  /**
   * Time between two pings of the server, in ms. Raised: a dead connection is noticed later. Lowered: more traffic
   * for idle sessions. @defaultValue 10000
   */
  readonly heartbeatIntervalMs: number;
  /**
   * How long a pong may take, in ms, while no bytes arrive and the client takes none of those that wait. The ping waits
   * behind all that was sent before it: a link that cannot carry the largest event in this time is taken for dead.
   * Lowered: sessions on slow phone networks are cut. Raised: a dead connection is noticed later. @defaultValue 8000
   */
  readonly heartbeatTimeoutMs: number;
  /**
   * How long `authenticate` may take, in ms. Raised: strangers hold connections longer. Lowered: a slow key server
   * refuses good tokens. @defaultValue 5000
   */
  readonly authenticateTimeoutMs: number;
  /**
   * How long before the token's expiry the client is asked for a new one, in ms. @defaultValue 30000
   */
  readonly refreshLeadMs: number;
  /**
   * Largest frame that a client may send, in bytes, 20480 or more; a larger one ends the connection.
   * @defaultValue 65536
   */
  readonly maxFrameBytes: number;
  /** Deepest nesting of a frame, 4 or more. Raised: recursive code behind it needs more stack. @defaultValue 32 */
  readonly maxFrameDepth: number;
  /** Most values in one frame, 500 or more. Raised: one frame can block the event loop longer. @defaultValue 2000 */
  readonly maxFrameNodes: number;
  /**
   * Frames a second that are taken from one connection in the long run, over all sessions that it has; the next one gets
   * `RATE_LIMITED`. A client that sends four times as many, and more than 200, is cut. Raised: one client keeps a node
   * busier. Lowered: bursts of an honest one take longer. @defaultValue 50
   */
  readonly framesPerSecond: number;
  /**
   * Frames that are taken from one connection at once. A client that sends five times as many, and more than 1000, is
   * cut. Raised: one client fills the queues of a node further. @defaultValue 200
   */
  readonly frameBurst: number;
  /** Subscriptions of one session. Raised: more memory a session, a longer restore. @defaultValue 200 */
  readonly maxSubscriptions: number;
  /** Commands of one session that wait for their answer. @defaultValue 32 */
  readonly maxCommandsInFlight: number;
  /**
   * Bytes that may wait for a slow client before it leaves the live flow. Raised: more memory for slow clients.
   * Lowered: more of them page from history. With eight times as much waiting it is closed. @defaultValue 1048576
   */
  readonly maxWaitingBytes: number;
  /**
   * How long a client may take nothing at all while bytes wait, in ms, before it is closed. What it takes is seen in
   * steps of the kernel's send buffer, some megabytes after a fast start. Raised: memory is held longer for clients
   * that will not come back. Lowered: slow ones are taken for stalled. @defaultValue 30000
   */
  readonly maxStalledMs: number;
  /** Over how long the sessions of a draining node are told to reconnect, in ms. @defaultValue 5000 */
  readonly drainSpreadMs: number;
  /** How long a draining node waits for commands in flight, in ms. @defaultValue 10000 */
  readonly drainTimeoutMs: number;
}

export const defaultSessionOptions: SessionOptions = {
  path: DEFAULT_PATH,
  allowedOrigins: [],
  heartbeatIntervalMs: 10_000,
  heartbeatTimeoutMs: 8_000,
  authenticateTimeoutMs: 5_000,
  refreshLeadMs: 30_000,
  maxFrameBytes: 65_536,
  maxFrameDepth: 32,
  maxFrameNodes: 2_000,
  framesPerSecond: 50,
  frameBurst: 200,
  maxSubscriptions: 200,
  maxCommandsInFlight: 32,
  maxWaitingBytes: 1_048_576,
  maxStalledMs: 30_000,
  drainSpreadMs: 5_000,
  drainTimeoutMs: 10_000,
};
