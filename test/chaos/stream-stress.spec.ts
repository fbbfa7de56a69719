import { expect, it, onTestFinished } from 'vitest';
import { faultsOf, noFaults } from './stream/checker.js';
import { plantEarlyNumbering, plantInPass } from './stream/faults.js';
import { runStress, type Stress, type StressResult } from './stream/stress.js';

const calm: Stress = {
  load: { durationMs: 3_000, channels: 5, transactional: 4, direct: 3, eventsPerTransaction: 3 },
  processes: 2,
  trouble: false,
};

async function run(name: string, stress: Stress): Promise<StressResult> {
  const result = await runStress(stress);
  onTestFinished(() => {
    process.stdout.write(`${name}: ${JSON.stringify({ ...result.verdict, ...result.trouble })}\n`);
  });
  return result;
}

it('keeps every promise while connections are killed and a process is frozen', async () => {
  const { verdict, trouble } = await run('stress', {
    load: { ...calm.load, durationMs: 12_000, transactional: 6, options: { passMaxEvents: 40 } },
    processes: 3,
    trouble: true,
  });
  expect(faultsOf(verdict)).toEqual(noFaults);
  // It was a stress at all.
  expect(verdict.events).toBeGreaterThan(2_000);
  expect(verdict.refused).toBeGreaterThan(100);
  expect(trouble?.passesKilled).toBeGreaterThan(10);
  expect(trouble?.passesKilledAtWork).toBeGreaterThan(0);
  expect(trouble?.writersKilled).toBeGreaterThan(10);
  expect(trouble?.frozen).toBe(1);
});

it('finds no fault without trouble', async () => {
  const { verdict } = await run('calm', calm);
  expect(faultsOf(verdict)).toEqual(noFaults);
  expect(verdict.unknown).toBe(0);
});

it('turns red when the pass forgets the lock', async () => {
  const { verdict } = await run('no lock', {
    ...calm,
    load: { ...calm.load, passFunction: 'pass_faulty' },
    plant: (client) => plantInPass(client, /if not [^;]*take_lock\('pass'[\s\S]*?end if;/, ''),
  });
  expect(verdict.holes + verdict.doubled + verdict.lost + verdict.missed).toBeGreaterThan(0);
});

it('turns red when events are numbered before the commit', async () => {
  const { verdict } = await run('early numbering', {
    ...calm,
    // Heads stay locked until the commit, so that many channels are needed for anything to happen.
    load: { ...calm.load, channels: 500, direct: 0, transactional: 8, stageFunction: 'stage_early' },
    plant: plantEarlyNumbering,
  });
  expect(verdict.missed).toBeGreaterThan(0);
});

it('turns red when a direct publish overtakes', async () => {
  const { verdict } = await run('overtaking', {
    ...calm,
    load: { ...calm.load, eventsPerTransaction: 20, passFunction: 'pass_faulty', options: { passMaxEvents: 3 } },
    plant: (client) => plantInPass(client, /where c\.more and \(/, 'where false and ('),
  });
  expect(verdict.overtaken).toBeGreaterThan(0);
});
