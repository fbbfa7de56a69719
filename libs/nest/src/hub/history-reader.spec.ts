import type { HistoryPage } from '../stream/stream-store.port.js';
import type { Position } from '@millrace/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { positionOf } from '../core/order-check.js';
import { settled } from '../core/testing/fake-clock.js';
import { channelNamed, HubBench } from './testing/hub-bench.js';

const desk = channelNamed('desk.SFO');
const limits = { maxEvents: 100, maxBytes: 100_000 };

describe('Reads for subscribers', () => {
  let bench: HubBench;
  beforeEach(async () => {
    bench = new HubBench();
    bench.store.append(desk, 50);
    await bench.hub.attach(desk);
  });

  const at = (offset: number): Position => {
    const event = bench.store.eventsOf(desk)[offset - 1];
    const { epoch } = bench.hub.standing(desk)!.last;
    return event ? positionOf(epoch, event) : { epoch, offset: 0 as never, id: '', time: 0 };
  };
  const resume = (offset: number): Promise<HistoryPage> => bench.hub.resume(desk, { after: at(offset), limits });
  const length = (page: HistoryPage): number => (page.outcome === 'complete' ? page.events.length : -1);

  it('answer 200 equal ones with one read', async () => {
    const pages = await Promise.all(Array.from({ length: 200 }, () => resume(20)));
    expect(pages.map(length)).toEqual(Array(200).fill(30));
    expect(bench.store.reads).toBe(1);
  });

  it('answer 200 different ones with one read, whatever their order', async () => {
    const from = Array.from({ length: 200 }, (_, index) => (index * 37 + 25) % 50);
    const pages = await Promise.all(from.map(resume));
    expect(pages.map(length)).toEqual(from.map((offset) => 50 - offset));
    expect(bench.store.reads).toBe(1);
    await resume(3);
    expect(bench.store.reads).toBe(1);
  });

  it('let a position that no page knows be judged by the log alone', async () => {
    const foreign = { ...at(30), id: 'x' };
    const pages = await Promise.all([
      resume(20),
      resume(21),
      bench.hub.resume(desk, { after: foreign, limits }),
      resume(25),
    ]);
    expect(pages.map(({ outcome }) => outcome)).toEqual(['complete', 'complete', 'unrecoverable', 'complete']);
  });

  it('never say that there is more and give nothing, where a shared read ends at a position', async () => {
    const small = new HubBench({ options: { repairMaxBytes: 1_000 } });
    small.store.append(desk, 50);
    await small.hub.attach(desk);
    const resumeSmall = (after: Position): Promise<HistoryPage> => small.hub.resume(desk, { after, limits });
    const cut = await resumeSmall(at(10));
    if (cut.outcome !== 'more') throw new Error(`The read was not cut: ${cut.outcome}`);
    const [, next] = await Promise.all([resumeSmall(at(10)), resumeSmall(cut.position)]);
    expect(next).toMatchObject({ events: expect.arrayContaining([expect.anything()]) as unknown });
  });

  it('are not spoilt by the lowest one being unrecoverable', async () => {
    bench.store.hold();
    const first = resume(40);
    const others = [resume(10), resume(30)];
    bench.store.expire(desk, 20);
    bench.store.release();
    expect((await first).outcome).toBe('complete');
    expect((await Promise.all(others)).map(({ outcome }) => outcome)).toEqual(['unrecoverable', 'complete']);
  });

  it('all fail with a read that fails, and the next ones are tried anew', async () => {
    bench.store.failing = true;
    const failed = await Promise.allSettled([resume(20), resume(10)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    bench.store.failing = false;
    expect(length(await resume(20))).toBe(30);
  });

  it('see for history what was published before they were asked for', async () => {
    bench.store.hold();
    const early = bench.hub.history(desk, { after: at(49), limits });
    await settled();
    bench.store.append(desk);
    const late = bench.hub.history(desk, { after: at(49), limits });
    bench.store.release();
    expect([length(await early), length(await late)]).toEqual([1, 2]);
  });

  it('are refused beyond the bound', async () => {
    bench = new HubBench({ options: { maxWaitingReads: 2, busyRetryAfterMs: 70 } });
    bench.store.append(desk, 9);
    bench.store.hold();
    const asked = [1, 2, 3].map((limit) =>
      bench.hub.history(desk, { after: undefined, limits: { ...limits, maxEvents: limit } }),
    );
    await expect(asked[2]).rejects.toMatchObject({ code: 'BUSY', detail: { retryAfterMs: 70 } });
    await settled();
    bench.store.release();
    await settled();
    expect((await Promise.all(asked.slice(0, 2))).map(({ outcome }) => outcome)).toEqual(['more', 'more']);
    expect((await bench.hub.history(desk, { after: undefined, limits })).outcome).toBe('complete');
  });
});
