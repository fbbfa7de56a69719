import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, postNote } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

const folder = fileURLToPath(new URL('../../examples/python/', import.meta.url));
const python = () => serviceAddress('PYTHON_PATH');

/** examples/python/follow.py in a process of its own. */
class Follower {
  readonly lines: Record<string, unknown>[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(token: string, ...args: readonly string[]) {
    const env = { ...process.env, TOKEN: token, REFUSAL_PATIENCE_S: '2', PYTHONDONTWRITEBYTECODE: '1' };
    this.#child = spawn(python(), [`${folder}follow.py`, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    this.exited = new Promise((resolve) => this.#child.once('close', resolve));
  }

  send(name: string, data: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify([name, data])}\n`);
  }

  get texts(): unknown[] {
    return this.lines.flatMap(({ data }) => (data ? [(data as { text: string }).text] : []));
  }

  end(): Promise<number | null> {
    this.#child.kill();
    return this.exited;
  }
}

describe('the Python client of examples/python', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.clear());

  const tokenOf = (subject: string) => signToken(stage.secret, subject);

  it('does what docs/protocol-vectors.json says', async () => {
    const vectors = fileURLToPath(new URL('../../docs/protocol-vectors.json', import.meta.url));
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const { stdout } = await promisify(execFile)(python(), [`${folder}check_vectors.py`, vectors], { env });
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(stdout) ?? [];
    expect([Number(passed) > 40, failed, stdout.split('\n').length]).toEqual([true, '0', 2]);
  });

  it('sends commands, hears events, and gets what it missed while its connection was cut', async () => {
    const follower = new Follower(await tokenOf('py'), stage.proxy.url, 'board.red', 'board.private-x');
    await until('it may not read the private board', () =>
      follower.lines.some(({ ended }) => (ended as { code?: string } | undefined)?.code === 'FORBIDDEN'),
    );
    follower.send('note.write', { board: 'red', text: 'one → ü' });
    follower.send('note.write', { board: 'red' });
    await until('the event and both answers came', () => follower.lines.length === 4);
    expect(follower.texts).toEqual(['one → ü']);
    expect(follower.lines).toContainEqual({
      command: 'note.write',
      error: 'VALIDATION_FAILED',
      outcome: 'not-applied',
    });

    const { target } = stage.proxy;
    stage.proxy.target = undefined;
    stage.proxy.cut();
    const other = stage.client('ann', { url: stage.node.url });
    const notes: string[] = [];
    other.subscribe(board, { name: 'red' }).on('note.posted', ({ text }) => notes.push(text));
    for (const text of ['two', 'three', 'four']) await other.send(postNote, { board: 'red', text });
    stage.proxy.target = target;
    await until('it has come back', () => follower.lines.some(({ recovered }) => recovered === 3));
    expect(follower.texts).toEqual(['one → ü', 'two', 'three', 'four']);

    follower.send('note.write', { board: 'red', text: 'five' });
    await until('live events go on', () => follower.texts.length === 5);
    expect(follower.texts.at(-1)).toBe('five');
    await follower.end();
  });

  it('doubts a refused token as long as it is told to, then ends', async () => {
    const refused = 'realtime_session_refused_total{reason="token"}';
    const before = (await stage.node.metrics()).get(refused) ?? 0;
    const follower = new Follower('no token of this server', stage.node.url, 'board.red');
    expect(await follower.exited).toBe(1);
    expect(follower.lines).toEqual([{ refused: 'UNAUTHENTICATED' }]);
    expect(((await stage.node.metrics()).get(refused) ?? 0) - before).toBeGreaterThanOrEqual(5);
  });
});
