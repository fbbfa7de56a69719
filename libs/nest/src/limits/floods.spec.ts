import { afterEach, describe, expect, it, vi } from 'vitest';
import { sessionsEnded } from '../session/session.metrics.js';
import type { FrameRoute } from '../session/frame-route.js';
import { RawClient } from '../session/testing/raw-client.js';
import { SessionNode, type SessionNodeOptions } from '../session/testing/session-node.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const ENTER = '40/realtime,{"protocol":1,"token":"ann"}';
/** First bytes of a websocket's frames. */
const TEXT = 0x81;
const BEGINNING = 0x01;
const MIDDLE = 0x00;
const PING = 0x89;

/** A node, a client of bytes with a session on it, and how many frames came to a handler. */
async function scene(options: SessionNodeOptions = {}) {
  let taken = 0;
  const act: FrameRoute = { name: 'act', handle: () => Promise.resolve({ n: ++taken }) };
  const node = await SessionNode.start({ routes: [act], ...options });
  closers.push(() => node.stop());
  const client = await RawClient.open(node.port);
  closers.push(() => client.end());
  client.send(ENTER);
  await client.until('"welcome"');
  return { node, client, taken: () => taken };
}

const closed = (client: RawClient) => vi.waitFor(() => expect(client.isClosed).toBe(true), { timeout: 5_000 });

describe('a node', () => {
  it.each([
    ['frames', TEXT, '42/realtime,1["act",{}]'],
    ['large frames', TEXT, `42/realtime,1["act",{"text":"${'x'.repeat(3_000)}"}]`],
    ['heartbeats', TEXT, '3'],
    ['pings of its websocket', PING, ''],
    ['messages of many pieces', MIDDLE, '4'],
  ])('cuts a client that floods it with %s', async (what, firstByte, text) => {
    const { node, client, taken } = await scene();
    if (firstByte === MIDDLE) client.flood(BEGINNING, '4', 1);
    client.flood(firstByte, text, 2_000);
    await closed(client);
    expect(taken()).toBeLessThanOrEqual(400);
    // The websocket itself gives up those: not even a reason gets across.
    if (firstByte === MIDDLE || firstByte === PING) return;
    expect(client.received, what).toMatch(/\["control",\{"kind":"closing","error":\{"code":"RATE_LIMITED".*?10000/);
    await vi.waitFor(() => expect(node.recorder.valueOf(sessionsEnded, { reason: 'flood' })).toBe(1));
    await vi.waitFor(async () => expect(await node.connections()).toBe(0));
  });

  it('takes no more frames of one that leaves and enters again and again', async () => {
    const { client, taken } = await scene();
    for (let round = 0; round < 45; round++) {
      client.flood(TEXT, '42/realtime,1["act",{}]', 200);
      client.send('41/realtime,');
      client.send(ENTER);
    }
    await closed(client);
    expect(taken()).toBeLessThanOrEqual(400);
  });

  it('ends a connection that has left its session', async () => {
    const { node, client } = await scene({ session: { authenticateTimeoutMs: 50 } });
    client.send('41/realtime,');
    await vi.waitFor(() => expect(node.registry.isEmpty).toBe(true));
    await closed(client);
  });
});
