/**
 * What nodes subscribe to for rooms. Redis compares a pattern with its rules letter by letter, so it is the same for every
 * installation and namespace: a rule can name it before there is a database.
 */
export const roomsPattern = (prefix: string): string => `${prefix}:*:rooms#/*`;

const MESSAGES = '+publish +subscribe +unsubscribe +psubscribe +punsubscribe +pubsub|numsub';
const CONNECTION = '+ping +hello +client|setname';
/** Limits that nodes share: a script, and for a block a transaction. */
const LIMITS = '+eval +evalsha +set +incrby +pttl +expire +multi +exec';

/** All that a node does with Redis, as rules of the user that it is there. */
export function redisRules(prefix: string): string {
  const names = `resetkeys ~${prefix}:*:limits:* resetchannels &${prefix}:* &${roomsPattern(prefix)}`;
  return `${names} -@all ${MESSAGES} ${CONNECTION} ${LIMITS}`;
}
