/** Begins the names of the Redis channels over which the nodes of one installation sync their rooms. */
export const roomsKey = (prefix: string, installation: string): string => `${prefix}:${installation}:rooms`;
