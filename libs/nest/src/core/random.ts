/** A number in [0, 1) as a port, so that jitter can be tested. */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();
