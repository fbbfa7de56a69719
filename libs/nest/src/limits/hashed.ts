import { createHash } from 'node:crypto';

/** What stands for a name in Redis, where others may look. */
export const hashed = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16);
