import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brewNote } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import type { NotesNode } from './support/notes-node.js';
import { adminKey, askAsOperator } from './support/operator.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** Own faults must show by then. */
const NOTICED_MS = 15_000;
/** So long do handlers keep all connections of their node. */
const HELD_MS = 14_000;
const POOL = 10;
const SHARED_FAULT_MS = 9_000;

const settings = { adminKey, options: { command: { deadlineMs: 60_000 } } };

describe.concurrent.each([
  ['ask each other over Redis', { ...settings, redis: { url: serviceAddress('REDIS_URL') } }],
  ['have the log alone', settings],
])('nodes that %s', (_how, config) => {
  let stage: Stage;
  let near: NotesNode;
  let far: NotesNode;
  beforeAll(async () => {
    stage = await Stage.set(config);
    near = stage.node;
    far = await stage.joinNode();
  });
  afterAll(() => stage.clear());

  const statuses = (): Promise<number[]> => Promise.all([near, far].map((node) => node.readiness()));
  const delivery = async (node: NotesNode): Promise<unknown> => {
    const { body } = await askAsOperator(node, 'health/details');
    return (body as { details: Record<string, unknown> }).details['delivery'];
  };

  it('take out the one whose handlers hold all connections, and none when no transaction of any of them gets through', async () => {
    expect(await statuses()).toEqual([200, 200]);
    expect(await delivery(near)).toMatchObject({ status: 'up', state: 'ready' });
    const client = stage.client('holder');
    const held = Array.from({ length: POOL }, () =>
      client.send(brewNote, { board: 'red', text: 'held', forMs: HELD_MS }),
    );
    const noticedMs = await until('it is unready', async () => (await near.readiness()) === 503, NOTICED_MS);
    expect(await far.readiness()).toBe(200);
    expect(await delivery(near)).toMatchObject({
      status: 'down',
      state: 'unready',
      reason: expect.stringContaining('a transaction like those of commands fails on this node') as string,
    });
    // Its pass still has the connection of its own: nothing else tells.
    expect((await askAsOperator(near, 'health/details')).body).toMatchObject({
      details: { stream: { state: 'ready' } },
    });
    await Promise.all(held);
    const backMs = await until('it is back', async () => (await near.readiness()) === 200, NOTICED_MS);
    console.log('pool exhausted:', JSON.stringify({ noticedMs: Math.round(noticedMs), backMs: Math.round(backMs) }));

    await until('both are well', async () => {
      const found = await Promise.all([near, far].map(delivery));
      return found.every((one) => (one as { state: string }).state === 'ready');
    });
    const lock = await stage.sql.connect();
    await lock.query('begin; lock table millrace.outbox in exclusive mode');
    const seen = new Set<string>();
    for (const end = performance.now() + SHARED_FAULT_MS; performance.now() < end; await sleep(200)) {
      seen.add(String(await statuses()));
    }
    expect(seen).toEqual(new Set(['200,200']));
    for (const node of [near, far]) expect(await delivery(node)).toMatchObject({ status: 'up', state: 'degraded' });
    await lock.query('rollback');
    lock.release();
    for (const node of [near, far]) {
      await until(
        'it is ready again',
        async () => ((await delivery(node)) as { state: string }).state === 'ready',
        5_000,
      );
    }
  });
});
