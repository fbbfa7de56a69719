/**
 * What nodes subscribe to for rooms. Redis compares a pattern with its rules letter by letter, so it is the same for every
 * installation and namespace: a rule can name it before there is a database.
 */
export const roomsPattern = (prefix: string): string => `${prefix}:*:rooms#/*`;

const COMMANDS = [
  ...['publish', 'subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'pubsub|numsub'],
  ...['ping', 'hello', 'client|setname'],
  // Limits that nodes share: a script, and for a block a transaction.
  ...['eval', 'evalsha', 'set', 'incrby', 'pttl', 'expire', 'multi', 'exec'],
];

/** All that a node does with Redis, as rules of the user that it is there. */
export const redisRules = (prefix: string): string =>
  [
    ...['resetkeys', `~${prefix}:*:limits:*`],
    ...['resetchannels', `&${prefix}:*`, `&${roomsPattern(prefix)}`],
    ...['-@all', ...COMMANDS.map((command) => `+${command}`)],
  ].join(' ');
