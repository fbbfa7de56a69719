import { beforeAll, expect, it } from 'vitest';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function logContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  beforeAll(async () => {
    store = await harness().openStore();
  });

  it('tells the newest event of every channel that moved', async () => {
    const [a, b, quiet] = [newChannel(), newChannel(), newChannel()];
    await store.pass([newEvent(quiet)], 'wait');
    const end = await store.logEnd();
    const last = newEvent(b);
    await store.pass([newEvent(a), newEvent(a), last], 'wait');
    const digest = await store.digest(end);
    expect(digest.outcome).toBe('continued');
    expect(digest.end).toEqual({ pos: end.pos + 3n, id: last.id });
    const heads = new Map(digest.heads.map(({ channel, position }) => [channel, position]));
    expect(heads).toEqual(
      new Map([
        [a, await store.head(a)],
        [b, await store.head(b)],
      ]),
    );
  });

  it('tells nothing when nothing was added', async () => {
    await store.pass([newEvent(newChannel())], 'wait');
    const end = await store.logEnd();
    expect(await store.digest(end)).toEqual({ outcome: 'continued', end, heads: [] });
  });

  it('reads from the start of the log', async () => {
    const channel = newChannel();
    await store.pass([newEvent(channel)], 'wait');
    const { outcome, heads } = await store.digest({ pos: 0n, id: '' });
    expect(outcome).toBe('continued');
    expect(heads.map((head) => head.channel)).toContain(channel);
  });

  it('tells that a channel began a new life, though nothing was added to it', async () => {
    const [renewed, mended, old] = [newChannel(), newChannel(), newChannel()];
    for (const channel of [renewed, mended, old]) await store.pass([newEvent(channel), newEvent(channel)], 'wait');
    const end = await store.logEnd();
    const { epoch } = await store.head(renewed);
    await harness().database.query('select millrace.renew_epoch($1::text, $2::text)', [renewed, epoch]);
    const first = await store.digest(end);
    expect(first).toMatchObject({
      outcome: 'continued',
      heads: [{ channel: renewed, position: await store.head(renewed) }],
    });
    expect(await store.logEnd()).toEqual(first.end);
    await harness().database.query('update millrace.channel set head = 1 where name = $1', [mended]);
    await harness().database.query('select millrace.mend_heads(1000)', []);
    const second = await store.digest(first.end);
    expect(second.heads).toEqual([{ channel: mended, position: await store.head(mended) }]);
    expect(await store.digest(second.end)).toEqual({ outcome: 'continued', end: second.end, heads: [] });
    await store.pass([newEvent(renewed)], 'wait');
    const third = await store.digest(first.end);
    expect([third.outcome, third.heads.map(({ channel }) => channel).toSorted()]).toEqual([
      'continued',
      [renewed, mended].toSorted(),
    ]);
  });

  it('says rewound when another event lies where the reader stood', async () => {
    await store.pass([newEvent(newChannel())], 'wait');
    const end = await store.logEnd();
    expect(await store.digest({ ...end, id: 'other' })).toEqual({ outcome: 'rewound', end, heads: [] });
    expect(await store.digest({ pos: end.pos + 5n, id: 'lost' })).toEqual({ outcome: 'rewound', end, heads: [] });
  });
}
