export interface Variable {
  readonly readBy: 'node' | 'feed' | 'both';
  /** What holds without it, in words. */
  readonly otherwise: string;
  readonly means: string;
}

/** Every variable that the programs read; docs/deployment.md lists them from here. */
export const variables = {
  PORT: { readBy: 'node', otherwise: '3000', means: 'Where it listens; 0 is any free port.' },
  HOST: {
    readBy: 'node',
    otherwise: '127.0.0.1',
    means: 'The address that it listens on: this machine alone, or 0.0.0.0 for all networks, as in the image.',
  },
  DATABASE_URL: {
    readBy: 'node',
    otherwise: 'the embedded database',
    means: 'A PostgreSQL server: postgres://user:password@host:port/database. Needed for more than one node.',
  },
  DATA_DIR: {
    readBy: 'node',
    otherwise: '.data',
    means: 'Folder of the embedded database. One process has it at a time.',
  },
  REDIS_URL: {
    readBy: 'node',
    otherwise: 'no Redis',
    means: 'A Redis that the nodes tell one another through: redis://user:password@host:port. Needs DATABASE_URL.',
  },
  JWT_SECRET: {
    readBy: 'node',
    otherwise: 'made at each start',
    means: 'Signs the tokens, 32 bytes at least. The same on every node; required with REDIS_URL.',
  },
  FEED_KEY: {
    readBy: 'both',
    otherwise: 'made at each start',
    means:
      'Proves to the sign-in that the feed is the feed, 32 bytes at least. The same everywhere; required with REDIS_URL, and by a feed of its own.',
  },
  FEED: {
    readBy: 'node',
    otherwise: 'on',
    means: 'Whether this node starts the feed, on or off. One feed is enough for all nodes.',
  },
  DEPARTURES_URL: {
    readBy: 'feed',
    otherwise: 'required',
    means:
      'Where a feed of its own finds the nodes, such as http://localhost:3000. A node tells the feed that it starts.',
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;
