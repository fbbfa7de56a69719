export const redisRoles = ['publisher', 'subscriber'] as const;

/** What a connection is there for: one that subscribes may not be able to do anything else. */
export type RedisRole = (typeof redisRoles)[number];
