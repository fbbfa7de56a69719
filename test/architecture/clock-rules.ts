import type { SourceTree } from './source-tree.js';

/**
 * Where the wall clock of the host is read, and what for. What several processes lose by is decided in the database by its
 * own clock, and every age, delay and time limit is monotonic.
 */
const READS_WALL_TIME: Readonly<Record<string, string>> = {
  'libs/nest/src/core/clock.ts': 'the clock itself',
  'libs/nest/src/core/database-clock.ts': 'what is compared with the clock of the database',
  'libs/nest/src/broker/redis/redis-broker.ts': 'a metric, by the database clock that it is given',
  'libs/nest/src/redis/message-seal.ts': 'the age of a message, by the database clock that it is given',
  'libs/nest/src/channel/denial-writer.ts': 'when a block ends, by the database clock that it is given',
  'libs/nest/src/hub/channel-follower.ts': 'a metric, by the database clock that it is given',
  'libs/nest/src/session/authenticate-route.ts': 'what is left of a token',
  'libs/nest/src/session/identify.ts': 'what is left of a token',
  'libs/nest/src/session/socket-session.ts': 'what is left of a token',
  'libs/nest/src/stream/channel-publisher.ts':
    'the time shown with a live event, by the database clock that it is given',
  'libs/nest/src/stream/partitions.ts': 'a second opinion on retention, which can only keep more',
};

const WALL_TIME = /\bDate\.now\b|\bnew Date\(\)|\b(?:clock|host)\.now\b/;
const OWN_MONOTONIC = /\b(?:performance\.now|process\.hrtime)\b/;
const CLOCK = 'libs/nest/src/core/clock.ts';

/** Sources of the server library that read a clock where the rules do not let them. */
export function clockFaults(tree: SourceTree): string[] {
  const faults: string[] = [];
  for (const [path, text] of tree) {
    if (!path.startsWith('libs/nest/src/') || !path.endsWith('.ts')) continue;
    if (path.endsWith('.spec.ts') || path.includes('/testing/')) continue;
    const readsWallTime = WALL_TIME.test(text);
    if (readsWallTime && !(path in READS_WALL_TIME)) faults.push(`${path} reads wall time`);
    if (!readsWallTime && path in READS_WALL_TIME) faults.push(`${path} no longer reads wall time`);
    if (path !== CLOCK && OWN_MONOTONIC.test(text)) faults.push(`${path} reads a clock that tests do not own`);
  }
  return faults;
}
