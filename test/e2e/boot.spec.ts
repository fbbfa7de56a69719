import { describe, expect, it } from 'vitest';
import { serviceAddress } from '../support/service-address.js';
import type { NotesConfig } from '../apps/notes/notes.config.js';
import { NotesNode } from './support/notes-node.js';
import { newSecret } from './support/tokens.js';

// Nobody listens on port 1, so what is found before the database is asked shows that it was not.
const unreachable = 'postgres://millrace:hidden-password@127.0.0.1:1/none';
const base: NotesConfig = { port: 0, secret: newSecret(), databaseUrl: unreachable };
const given = serviceAddress('DATABASE_URL');
const withPath = (path: string) => Object.assign(new URL(given), { pathname: path }).href;
const withUser = (user: string) => given.replace(/\/\/[^@]*@/, `//${user}@`);
const { databaseUrl: _none, ...withoutDatabase } = base;

describe.concurrent('a node that cannot start says why and ends', () => {
  it.each<[string, NotesConfig, string]>([
    ['without a database', withoutDatabase, 'No database: give `postgres: { connectionString }`'],
    [
      'with a database that stays away for longer than it may',
      { ...base, options: { stream: { bootTimeoutMs: 1_500 } } },
      'it was not there within 1.5 s of the start (connect ECONNREFUSED 127.0.0.1:1)',
    ],
    ['with a wrong password', { ...base, databaseUrl: withUser('nobody:hidden-password') }, 'check user and password'],
    ['with a database that does not exist', { ...base, databaseUrl: withPath('/none') }, 'create this database'],
    ['with two handlers for one command', { ...base, fault: 'second-handler' }, 'note.write'],
    ['with a short secret', { ...base, secret: 'short' }, 'the secret needs at least 32 bytes'],
    [
      'with an option that contradicts another',
      { ...base, options: { session: { maxWaitingBytes: 1_000 } } },
      '`session.maxWaitingBytes` must be above `channel.pageMaxBytes`',
    ],
  ])('%s', async (_what, config, message) => {
    const node = new NotesNode(config);
    const { code, signal, output } = await node.exited;
    expect(output).toContain(message);
    expect(output).not.toContain('hidden-password');
    expect(output).not.toContain('"port"');
    expect({ code, signal }).toEqual({ code: 1, signal: null });
  });
});
