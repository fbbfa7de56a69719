import { expect, it } from 'vitest';
import { FakeClock, settled } from '../../core/testing/fake-clock.js';
import { silentRecorder } from '../../telemetry/recorder.js';
import { AmbientScope } from './ambient.js';
import { FairTransactions } from './fair-transactions.js';
import type { TransactionPort } from './transaction.port.js';

function bench(maxTransactions: number) {
  const clock = new FakeClock();
  const ambient = new AmbientScope();
  const timeouts: (number | undefined)[] = [];
  const port: TransactionPort = {
    run: (work, timeoutMs) => {
      timeouts.push(timeoutMs);
      return work('handle');
    },
    executor: () => ({ query: () => Promise.resolve([]) }),
  };
  const transactions = new FairTransactions(port, { ambient, clock, recorder: silentRecorder, maxTransactions });
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const run = (payer: string | undefined, timeoutMs?: number): Promise<void> => {
    const work = (): Promise<void> => {
      started.push(payer ?? 'own');
      return new Promise((resolve) => ends.push(resolve));
    };
    return ambient.run({ cause: {}, ...(payer !== undefined && { payer }) }, () => transactions.run(work, timeoutMs));
  };
  return { clock, timeouts, started, ends, run };
}

it('leaves connections of the ORM to others when one client has many slow transactions', async () => {
  const { run, started } = bench(8);
  for (let index = 0; index < 32; index++) void run('subject flood');
  void run('subject victim');
  for (let index = 0; index < 2; index++) void run(undefined);
  await settled();
  expect(started).toEqual([...Array.from({ length: 4 }, () => 'subject flood'), 'subject victim', 'own', 'own']);
});

it('gives up waiting with BUSY at the deadline, and hands down what is left of it', async () => {
  const { run, clock, ends, timeouts, started } = bench(1);
  const first = run('a', 1_000);
  const second = run('a', 1_000);
  const third = run('b', 400);
  const [refused] = await Promise.allSettled([third, clock.advance(400)]);
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'BUSY', detail: { retryAfterMs: 500 } } });
  ends[0]?.();
  await first;
  await settled();
  ends[1]?.();
  await second;
  expect(started).toEqual(['a', 'a']);
  expect(timeouts).toEqual([1_000, 600]);
});
