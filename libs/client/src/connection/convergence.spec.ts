import { wireError } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { createClient } from '../index.js';
import { FakeServer } from '../testing/index.js';

const CLIENTS = 24;
const FAULTS_MS = 120_000;

/** The same numbers in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** How long after the last fault a client is connected, after minutes of everything that can go wrong. */
async function convergenceMs(seed: number): Promise<number> {
  const random = numbers(seed);
  const server = new FakeServer({ accept: 'by-hand', random });
  const client = createClient(server.options);
  client.connect();
  const step = async (isFaulty: boolean): Promise<void> => {
    await server.clock.advance(250);
    if (client.state.kind === 'connecting' && server.links.at(-1)?.isOpen) {
      const chance = isFaulty ? random() : 1;
      if (chance < 0.3) server.link.drop();
      else if (chance < 0.4) server.refuse(wireError('DRAINING', { retryAfterMs: random() * 5_000 }));
      else if (chance < 0.5) server.refuse(wireError('TOKEN_EXPIRED'));
      // A fifth of the tries hangs.
      else if (chance >= 0.7) server.accept();
    } else if (isFaulty && client.state.kind === 'connected' && random() < 0.1) server.link.drop();
  };
  for (let passed = 0; passed < FAULTS_MS; passed += 250) await step(true);
  let tookMs = 0;
  for (; client.state.kind !== 'connected' && tookMs < 60_000; tookMs += 250) await step(false);
  client.close();
  return tookMs;
}

it('every client is back within 15 s after the last fault', async () => {
  const times = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => convergenceMs(7_919 * (index + 1))));
  console.log(
    `convergence of ${CLIENTS} clients: ${times
      .toSorted((a, b) => b - a)
      .slice(0, 5)
      .join(', ')} ms at worst`,
  );
  expect(Math.max(...times)).toBeLessThanOrEqual(15_000);
});

it('a session of a minute is followed by a try within a second', async () => {
  const server = new FakeServer({ random: () => 0.999 });
  const client = createClient(server.options);
  client.connect();
  await server.clock.advance(60_000);
  server.link.drop();
  await server.clock.advance(1_000);
  expect(server.links).toHaveLength(2);
});

it('sessions that are cut every few seconds are ten seconds apart at most', async () => {
  const server = new FakeServer({ random: () => 0.999 });
  const client = createClient({ ...server.options, maxBackoffMs: 60_000 });
  client.connect();
  await server.settle();
  for (let cut = 0; cut < 30; cut++) {
    await server.clock.advance(3_000);
    server.link.drop();
    const { state } = client;
    expect(state.kind === 'reconnecting' && state.nextAt - server.clock.now()).toBeLessThanOrEqual(10_000);
    await server.clock.advance(10_000);
    expect(client.state.kind).toBe('connected');
  }
});
