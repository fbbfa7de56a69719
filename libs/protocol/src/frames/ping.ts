/** Client → server, `ping`: asks whether anybody is there. The answer is an empty `{ ok: true }`. @publicApi */
export type PingFrame = Readonly<Record<never, never>>;
