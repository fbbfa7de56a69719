import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const script = 'deploy/redis.sh';
const password = 'a secret of the test';

/** The entrypoint of Redis in `docker-compose.yml`, with the server that is installed here. */
describe('deploy/redis.sh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-redis-'));
  /** Where the script writes, and nothing else does. */
  const rulesFolder = mkdtempSync(join(folder, 'rules-'));
  const socket = join(folder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', socket, '--dir', folder];
  let server: ChildProcess;
  let output = '';

  beforeAll(async () => {
    const env = { ...process.env, TMPDIR: rulesFolder, REDIS_PASSWORD: password };
    server = spawn('sh', [script, ...settings], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [server.stdout, server.stderr]) stream?.on('data', (said) => (output += String(said)));
    while (!output.includes('ready to accept') && server.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (server.exitCode !== null) throw new Error(output);
  });
  afterAll(async () => {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  /** The first line of each answer. */
  async function answers(...lines: string[]): Promise<readonly string[]> {
    const client = connect(socket);
    const heard = text(client);
    client.end([...lines, 'QUIT', ''].join('\r\n'));
    return (await heard).split('\r\n').slice(0, lines.length);
  }
  const login = `AUTH millrace "${password}"`;

  it('lets in the nodes, who may do what they do and nothing else', async () => {
    expect(await answers(login, 'PING', 'PUBLISH millrace:x 1')).toEqual(['+OK', '+PONG', ':0']);
    const forbidden = ['CONFIG GET dir', 'ACL LIST', 'FLUSHALL', 'PUBLISH other 1', 'SET other 1', 'GET other'];
    const [, ...refusals] = await answers(login, ...forbidden);
    expect(refusals).toHaveLength(forbidden.length);
    for (const refusal of refusals) expect(refusal).toMatch(/^-NOPERM /);
  });

  it('lets in nobody else', async () => {
    const [ping, ...logins] = await answers('PING', `AUTH "${password}"`, 'AUTH millrace wrong', 'AUTH default ""');
    expect(ping).toMatch(/^-NOAUTH /);
    expect(logins).toHaveLength(3);
    for (const refusal of logins) expect(refusal).toMatch(/^-WRONGPASS /);
  });

  it('writes no password, and has the documented rules', () => {
    const written = readdirSync(rulesFolder)
      .map((name) => readFileSync(join(rulesFolder, name), 'utf8'))
      .join('\n');
    expect(written + output + readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(password);
    const rules = /^ACL SETUSER millrace on >PASSWORD (.*)$/m.exec(readFileSync('docs/deployment.md', 'utf8'))?.[1];
    expect(written).toMatch(new RegExp(`^user default off\\nuser millrace on #[0-9a-f]{64} `));
    expect(written.trim().endsWith(rules ?? 'none')).toBe(true);
  });

  it('does not start without a password', async () => {
    const env = { ...process.env, REDIS_PASSWORD: '' };
    await expect(promisify(execFile)('sh', [script, ...settings], { env })).rejects.toThrow(
      'REDIS_PASSWORD is not set',
    );
  });
});
