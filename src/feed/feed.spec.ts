import { RealtimeError } from '@millrace/client';
import { wireError } from '@millrace/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Flight } from '../contracts/desk.contract.js';
import { Feed, FeedStopped, type Desk, type FeedClock } from './feed.js';

const flights = Array.from({ length: 6 }, (_, id): Flight => ({
  id,
  origin: 'SFO',
  destination: 'LAX',
  departedAt: `2001-01-0${id + 1}T08:00`,
  delayMinutes: 0,
  distanceMiles: 337,
}));

/** Time that jumps to whatever is waited for. */
class JumpingClock implements FeedClock {
  #now = 0;
  now = (): number => this.#now;

  async wait(delayMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#now += delayMs;
  }

  pass(ms: number): void {
    this.#now += ms;
  }
}

/** A desk that keeps what it was told, as the table does. */
class FakeDesk implements Desk {
  readonly recorded = new Set<number>();
  /** Every command that arrived: `record 3`, `resume 4`. */
  readonly heard: string[] = [];
  readonly at: number[] = [];
  before: (id: number) => void = () => {};
  after: (id: number) => void = () => {};

  constructor(private readonly clock: JumpingClock) {}

  async record({ id }: Flight): Promise<{ recorded: 'now' | 'before' }> {
    this.heard.push(`record ${id}`);
    this.at.push(this.clock.now());
    this.before(id);
    const recorded = this.recorded.has(id) ? 'before' : 'now';
    this.recorded.add(id);
    this.after(id);
    return { recorded };
  }

  async resume(from: number | undefined): Promise<{ next: number }> {
    this.heard.push(`resume ${from ?? ''}`.trim());
    let next = from ?? Math.max(-1, ...this.recorded) + 1;
    while (this.recorded.has(next)) next++;
    return { next };
  }
}

const failure = (code: Parameters<typeof wireError>[0], more: Parameters<typeof wireError>[1] = {}): RealtimeError =>
  new RealtimeError(wireError(code, more));

/** Throws `error` the first `times` times. */
function failing(times: number, error: Error): () => void {
  let left = times;
  return () => {
    if (left-- > 0) throw error;
  };
}

let clock: JumpingClock;
let server: FakeDesk;
let said: string[];

beforeEach(() => {
  clock = new JumpingClock();
  server = new FakeDesk(clock);
  said = [];
});

function run(options: { rate?: number; from?: number; signal?: AbortSignal } = {}): Promise<void> {
  const { rate = 5, from: row, signal = new AbortController().signal } = options;
  const from = row === undefined ? {} : { from: { day: `2001-01-0${row + 1}`, row } };
  return new Feed({ desk: server, clock, say: (line) => said.push(line), flights, rate, ...from }).run(signal);
}

describe('the feed', () => {
  it('records every row once, in order, and says where it begins and ends', async () => {
    await run();
    expect(server.heard).toEqual(['resume', ...flights.map(({ id }) => `record ${id}`)]);
    expect(said).toEqual([
      '5 departures a second, from row 0 (2001-01-01 08:00)',
      'end of the data: no departure is left after the last one that was recorded',
    ]);
  });

  it('keeps an even pace', async () => {
    await run({ rate: 20 });
    expect(server.at).toEqual([0, 50, 100, 150, 200, 250]);
  });

  it('makes no burst after it was held up', async () => {
    server.after = (id) => id === 1 && clock.pass(10_000);
    await run({ rate: 10 });
    expect(server.at).toEqual([0, 100, 10_100, 10_200, 10_300, 10_400]);
  });

  it('begins at a row, and goes on where it stopped without one', async () => {
    await run({ from: 4 });
    expect(server.heard).toEqual(['resume 4', 'record 4', 'record 5']);
    server.heard.length = 0;
    await run();
    expect(server.heard).toEqual(['resume']);
    expect(said.at(-1)).toContain('end of the data');
  });

  it('says that no row is left from a day on, whatever is left before it', async () => {
    await run({ from: 4 });
    expect(server.recorded.size).toBe(2);
    expect(said.at(-1)).toBe('end of the data: no departure is left from 2001-01-05 on');
    said.length = 0;
    await run({ from: flights.length });
    expect(said).toEqual(['end of the data: no departure is left from 2001-01-07 on']);
  });

  it('jumps over rows that an earlier run recorded', async () => {
    server.recorded.add(2).add(3);
    await run({ from: 0 });
    expect(server.heard).toEqual(['resume 0', 'record 0', 'record 1', 'record 2', 'resume 3', 'record 4', 'record 5']);
  });

  it('repeats a row whose answer was lost, and records no row twice', async () => {
    server.after = failing(1, failure('CONNECTION_LOST', { outcome: 'unknown' }));
    await run();
    expect(server.heard.slice(0, 5)).toEqual(['resume', 'record 0', 'record 0', 'resume 1', 'record 1']);
    expect([...server.recorded]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('waits longer after each failure, and as long as the server asks', async () => {
    server.before = failing(6, failure('STREAM_UNAVAILABLE', { outcome: 'not-applied' }));
    await run({ rate: 500 });
    expect(server.at.slice(0, 7)).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 12_750]);
    server.recorded.clear();
    server.at.length = 0;
    server.before = failing(1, failure('RATE_LIMITED', { retryAfterMs: 3_000 }));
    await run({ from: 0 });
    expect((server.at[1] ?? 0) - (server.at[0] ?? 0)).toBe(3_000);
  });

  it('stops at a refusal, instead of leaving the row out', async () => {
    const details = [{ field: 'id', rules: { isInt: 'id must be an integer' } }];
    server.before = (id) => {
      if (id === 2) throw failure('VALIDATION_FAILED', { outcome: 'not-applied', details });
    };
    await expect(run()).rejects.toThrow(
      new FeedStopped('VALIDATION_FAILED: The data of the command is not valid. id: id must be an integer.'),
    );
    expect([...server.recorded]).toEqual([0, 1]);
  });

  it('repeats what is in doubt, although the error is no reason to', async () => {
    server.after = failing(1, failure('TRANSACTION_IN_DOUBT', { outcome: 'unknown' }));
    await run();
    expect(server.recorded.size).toBe(6);
  });

  it('stops at an error of its own', async () => {
    server.before = failing(1, new TypeError('broken'));
    await expect(run()).rejects.toThrow('TypeError: broken');
  });

  it('asks nothing when it was to end before it began', async () => {
    const reason = new Error('ended');
    await expect(run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.heard).toEqual([]);
  });

  it('ends when it is asked to, also while the server does not answer', async () => {
    const stop = new AbortController();
    const reason = new Error('ended');
    server.before = (id) => {
      if (id !== 2) return;
      stop.abort(reason);
      throw failure('CLIENT_CLOSED');
    };
    await expect(run({ signal: stop.signal })).rejects.toBe(reason);
    expect([...server.recorded]).toEqual([0, 1]);
  });
});
