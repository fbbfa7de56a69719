import { BadRequestException, Logger } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { defineChannel, event } from '@millrace/protocol';
import fc from 'fast-check';
import { catchError, concatMap, first, from, map, merge, NEVER, of, retry, throwError, type Observable } from 'rxjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { randomIds } from '../core/ids.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { ChannelPublisher } from '../stream/channel-publisher.js';
import { defaultStreamOptions } from '../stream/stream.options.js';
import type { Transaction } from '../stream/transaction/transaction.port.js';
import { CommandBench, type WireAnswer, type WireFailure } from './testing/command-bench.js';
import { MemoryDatabase } from './testing/memory-database.js';
import { act, Script, scriptedProviders } from './testing/scripted-gateway.js';

const notes = defineChannel('notes.:book', { delivery: 'durable', events: { 'note.written': event<number>() } });

const odd = [undefined, null, 0, Number.NaN, '', 1n, [1n], { event: 'x' }, new Date(0), Buffer.from('a'), () => 1];
const circular: unknown[] = [];
circular.push(circular);

const someError = fc.constantFrom(
  () => new Error('secret'),
  () => new BadRequestException('no'),
  () => new WsException('no'),
  () => new CodedError('BUSY'),
  () => 'text',
);
/** Well before the deadline, around it, and long after the client was answered. */
const someMs = fc.constantFrom(1, 5_000, 9_999, 10_000, 10_001, 14_999, 15_000, 40_000);

const arbitraryCourse = fc.record({
  guard: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: 'yes' as const }) },
    fc.constant({ kind: 'no' as const }),
    fc.record({ kind: fc.constant('slow' as const), ms: someMs }),
  ),
  around: fc.oneof(
    { weight: 3, arbitrary: fc.constant({ kind: 'pass' as const }) },
    fc.constantFrom({ kind: 'swallow' as const }, { kind: 'replace' as const }, { kind: 'retry' as const }),
    fc.constantFrom({ kind: 'never calls' as const }, { kind: 'never ends' as const }, { kind: 'early' as const }),
    fc.record({ kind: fc.constantFrom('throw before' as const, 'throw after' as const), error: someError }),
    fc.record({ kind: fc.constantFrom('slow before' as const, 'slow after' as const), ms: someMs }),
  ),
  writes: fc.boolean(),
  publishes: fc.boolean(),
  slowMs: fc.option(someMs, { nil: 0 }),
  end: fc.oneof(
    fc.record({ kind: fc.constant('value' as const), value: fc.constantFrom(...odd, circular, 'fine') }),
    fc.record({ kind: fc.constantFrom('throw' as const, 'reject' as const), error: someError }),
    fc.constantFrom({ kind: 'hang' as const }, { kind: 'observable' as const }, { kind: 'empty observable' as const }),
  ),
  commit: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: 'done' as const }) },
    fc.constantFrom({ kind: 'refused' as const }, { kind: 'lost before' as const }, { kind: 'lost after' as const }),
    fc.record({ kind: fc.constant('slow' as const), ms: someMs }),
  ),
  rollbackMs: fc.option(someMs, { nil: 0 }),
  filter: fc.oneof(
    { weight: 3, arbitrary: fc.constant({ kind: 'none' as const }) },
    fc.constantFrom({ kind: 'answer' as const }, { kind: 'throw' as const }, { kind: 'observable' as const }),
  ),
});
type Course = typeof arbitraryCourse extends fc.Arbitrary<infer T> ? T : never;

const database = new MemoryDatabase();
const clock = new FakeClock();
const script = new Script();
let bench: CommandBench;
let publisher: ChannelPublisher;

beforeAll(async () => {
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  publisher = new ChannelPublisher({
    store: {
      stage: async (executor, { id }) => {
        await executor.query('stage', [id]);
        return 'staged';
      },
      staged: () => Promise.reject(new Error('Nothing is nested')),
    },
    sequencer: { publish: () => Promise.reject(new Error('Published directly')), kick: () => {}, seek: () => {} },
    ambient: database.ambient,
    live: { live: () => {} },
    ids: randomIds,
    clock,
    options: defaultStreamOptions,
  });
  bench = await CommandBench.boot({ database, clock, providers: scriptedProviders(script), maxCommandsInFlight: 1e9 });
});
afterAll(() => vi.restoreAllMocks());

const after = (ms: number): Promise<void> =>
  ms === 0 ? Promise.resolve() : new Promise((resolve) => clock.after(ms, () => resolve()));

function play({ guard, around, commit, filter, ...handler }: Course): void {
  script.guard = () => (guard.kind === 'slow' ? after(guard.ms).then(() => true) : guard.kind === 'yes');
  script.around = (next) => {
    const handled = next.handle() as Observable<unknown>;
    switch (around.kind) {
      case 'pass':
        return handled;
      case 'swallow':
        return handled.pipe(catchError(() => of('swallowed')));
      case 'replace':
        return handled.pipe(map(() => 1n));
      case 'retry':
        return handled.pipe(retry(2));
      case 'never calls':
        return of('by itself');
      case 'never ends':
        return handled.pipe(concatMap(() => NEVER));
      case 'early':
        return merge(handled, from(after(1))).pipe(first());
      case 'throw before':
        return throwError(around.error);
      case 'throw after':
        return handled.pipe(concatMap(() => throwError(around.error)));
      case 'slow before':
        return from(after(around.ms)).pipe(concatMap(() => handled));
      case 'slow after':
        return handled.pipe(concatMap((value) => after(around.ms).then(() => value)));
    }
  };
  script.handler = (tx) => (handler.end.kind === 'throw' ? thrown(handler.end.error()) : handle(tx, handler));
  script.filter = (error) => {
    if (filter.kind === 'none') return undefined;
    if (filter.kind === 'throw') throw error;
    return filter.kind === 'answer' ? { filtered: true } : of('filtered');
  };
  database.beforeCommit = async () => {
    if (commit.kind === 'slow') await after(commit.ms);
    if (commit.kind === 'refused') throw new CodedError('TRANSACTION_ABORTED');
    if (commit.kind === 'lost before') throw new CodedError('TRANSACTION_IN_DOUBT');
  };
  database.afterCommit = async () => {
    if (commit.kind === 'lost after') throw new CodedError('TRANSACTION_IN_DOUBT');
  };
  database.beforeRollback = () => after(handler.rollbackMs);
}

function thrown(error: unknown): never {
  throw error;
}

async function handle(
  tx: Transaction,
  course: Pick<Course, 'writes' | 'publishes' | 'slowMs' | 'end'>,
): Promise<unknown> {
  if (course.writes) await tx.query('insert', ['row']);
  await after(course.slowMs);
  if (course.publishes) await publisher.publish(notes, { book: 'red' }, 'note.written', 1);
  if (course.writes) await tx.query('insert', ['row']);
  switch (course.end.kind) {
    case 'value':
      return course.end.value;
    case 'hang':
      return after(30_000).then(() => tx.query('insert', ['late']));
    case 'observable':
      return from(tx.query('insert', ['row']));
    case 'empty observable':
      return from([]);
    case 'throw':
    case 'reject':
      return thrown(course.end.error());
  }
}

/** What is wrong with an answer, seen beside what the database holds in the end. */
function lieOf(answer: WireAnswer | WireFailure, { commit, writes, publishes, end }: Course): string | undefined {
  const { rows } = database;
  if (rows.includes('late')) return 'A late statement was stored';
  if (answer.ok) {
    const events = (answer.events ?? []).map(({ id }) => id).join();
    const stored = rows.filter((row) => row !== 'row').join();
    return events === stored || commit.kind === 'lost after' ? undefined : `${events} were told, ${stored} are stored`;
  }
  if (answer.error.message.includes('secret')) return 'An inner text got out';
  const { outcome } = answer.error;
  switch (outcome) {
    case 'not-applied':
      return rows.length === 0 ? undefined : 'It was applied';
    case 'applied': {
      const expected = (writes ? 2 : 0) + (publishes ? 1 : 0) + (end.kind === 'observable' ? 1 : 0);
      return rows.length === expected ? undefined : 'It was not applied, or in part';
    }
    case 'unknown':
      return ['lost before', 'lost after', 'slow'].includes(commit.kind) ? undefined : 'Nothing was in doubt';
    case undefined:
      return 'It says nothing about the outcome';
  }
}

it('answers every command once, and truly says what became of it', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(arbitraryCourse, async (course) => {
      database.rows.splice(0);
      play(course);
      let answer: WireAnswer | WireFailure | undefined;
      void bench.send(act).then((given) => (answer = given));
      await clock.advance(15_000);
      expect(answer).toBeDefined();
      // Whatever was still on its way arrives, and changes nothing.
      await clock.advance(600_000);
      expect(lieOf(answer!, course)).toBeUndefined();
      expect({ open: database.open, timers: clock.pending }).toEqual({ open: 0, timers: 0 });
      seen.add(answer!.ok ? 'ok' : String(answer!.error.outcome));
    }),
    { numRuns: 1_500 },
  );
  expect([...seen].toSorted()).toEqual(['applied', 'not-applied', 'ok', 'unknown']);
}, 30_000);
