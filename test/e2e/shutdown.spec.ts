import { describe, expect, it } from 'vitest';
import { board, brewNote, writeNote } from '../apps/notes/contracts.js';
import { readLog } from './support/event-log.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const drainSpreadMs = 600;
const settings = { options: { session: { drainSpreadMs, drainTimeoutMs: 3_000 } } };
/** How long a closed connection may take to read what is left, before it is destroyed. */
const flushTimeoutMs = 5_000;

async function terminate(stage: Stage) {
  const startedAt = performance.now();
  stage.node.signal('SIGTERM');
  const exit = await stage.node.exited;
  return { ...exit, tookMs: Math.round(performance.now() - startedAt) };
}

describe.concurrent('a node that is told to end', () => {
  it('ends within two seconds when nobody is connected', async ({ onTestFinished }) => {
    const stage = await Stage.set(settings);
    onTestFinished(() => stage.clear());
    const { signal, tookMs } = await terminate(stage);
    console.log('shutdown, nobody connected:', tookMs, 'ms');
    expect(signal).toBe('SIGTERM');
    expect(tookMs).toBeLessThan(2_000);
  });

  it('lets sessions go, answers the slow command, is not ready, and refuses new sessions', async ({
    onTestFinished,
  }) => {
    const stage = await Stage.set(settings);
    onTestFinished(() => stage.clear());
    const client = stage.client('ada');
    const watchers = Array.from({ length: 20 }, (_, index) => {
      const watcher = stage.client(`watcher-${index}`);
      const states: string[] = [];
      watcher.onState(({ kind }) => states.push(kind));
      return { states, keeper: new JournalKeeper(`watcher-${index}`, watcher.subscribe(board, { name: 'red' })) };
    });
    await client.send(writeNote, { board: 'red', text: 'first' });
    await until('all watch', () => watchers.every(({ keeper }) => keeper.subscription.state === 'subscribed'));
    expect(await stage.node.readiness()).toBe(200);

    const slow = client.send(brewNote, { board: 'red', text: 'slow', forMs: 1_500 });
    await until('the slow command runs', async () => {
      const { rows } = await stage.sql.query(
        `select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
      );
      return rows.length === 1;
    });
    const ended = terminate(stage);
    const late = stage.client('late');
    const refusals: unknown[] = [];
    late.onState((state) => refusals.push('error' in state ? state.error?.code : undefined));
    await until('the node is not ready', async () => (await stage.node.readiness()) === 503, 1_000);
    expect(await stage.node.liveness()).toBe(200);
    late.connect();
    await until('the late one is refused', () => refusals.includes('DRAINING'), 1_000);

    const [{ event }, { signal, tookMs }] = await Promise.all([slow, ended]);
    console.log('shutdown with a command of 1500 ms in flight:', tookMs, 'ms');
    expect(signal).toBe('SIGTERM');
    expect((await readLog(stage.sql)).map(({ id }) => id)).toContain(event);
    expect(watchers.filter(({ states }) => states.includes('draining'))).toHaveLength(watchers.length);
    expect(tookMs).toBeGreaterThan(1_200);
    expect(tookMs).toBeLessThan(3_500);
  });

  it('does not wait for ever for one who does not go', async ({ onTestFinished }) => {
    const stage = await Stage.set(settings);
    onTestFinished(() => stage.clear());
    const keeper = new JournalKeeper('ada', stage.client('ada').subscribe(board, { name: 'red' }));
    await until('it watches', () => keeper.subscription.state === 'subscribed');
    // A network that swallows the word to go, and the close of the websocket.
    stage.proxy.swallow();
    const { signal, tookMs } = await terminate(stage);
    console.log('shutdown with a session that does not answer:', tookMs, 'ms');
    expect(signal).toBe('SIGTERM');
    expect(tookMs).toBeGreaterThanOrEqual(drainSpreadMs);
    expect(tookMs).toBeLessThan(drainSpreadMs + flushTimeoutMs + 1_500);
  });
});
