/** What the Socket.IO server needs of the options of `session`. */
export interface SocketOptions {
  readonly path: string;
  readonly allowedOrigins: readonly string[];
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly authenticateTimeoutMs: number;
  readonly maxFrameBytes: number;
}
