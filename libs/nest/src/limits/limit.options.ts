/** Of `session`: what of it bounds a connection. */
export interface FrameOptions {
  readonly framesPerSecond: number;
  readonly frameBurst: number;
}
