import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sessionsEnded, sessionsLagging } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';
import { SocketOutflow } from './socket-outflow.js';
import type { SocketSession } from './socket-session.js';
import { RawClient } from './testing/raw-client.js';
import { SessionNode } from './testing/session-node.js';

const FRAME_BYTES = 100_000;
const data = 'x'.repeat(FRAME_BYTES);
const patience = { timeout: 8_000, interval: 10 };

let node: SessionNode;
let client: RawClient;

afterEach(async () => {
  client.end();
  await node.stop();
});

/** A session in a room, whose client stops to read after the welcome. */
async function stalled(options: Partial<SessionOptions>): Promise<SocketSession> {
  node = await SessionNode.start({ session: { heartbeatIntervalMs: 60_000, ...options } });
  client = await RawClient.open(node.port);
  client.send('40/realtime,{"protocol":1,"token":"ann"}');
  await client.until('"welcome"');
  client.pause();
  const session = node.registry.all()[0]!;
  session.join('room');
  return session;
}

function emit(offset: number): void {
  node.emitter.events('room', {
    channel: 'desk.SFO',
    epoch: 'e',
    prev: offset - 1,
    events: [{ offset, id: `${offset}`, type: 'noted', time: 1, data }],
  });
}

/** Publishes until so much waits; the kernels on both sides take some megabytes first. */
async function emitUntil(session: SocketSession, waitingBytes: number): Promise<number> {
  let offset = 0;
  while (session.waitingBytes < waitingBytes && offset < 1_000) {
    emit(++offset);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(session.waitingBytes).toBeGreaterThanOrEqual(waitingBytes);
  return offset;
}

const tcpOf = ({ socket }: SocketSession): Socket => socket.conn.request.socket;

describe('a client that stops to read', () => {
  it('leaves the live flow at its bound, costs no more memory, and is cut when it takes nothing', async () => {
    const session = await stalled({ maxWaitingBytes: 1_000_000, maxStalledMs: 700 });
    const tcp = tcpOf(session);
    let offset = await emitUntil(session, 1_000_001);
    node.slowSessions.start();
    await vi.waitFor(() => expect(node.interrupted).toEqual([session.id]), patience);
    const waiting = session.waitingBytes;
    for (let more = 0; more < 100; more++) emit(++offset);
    expect(session.waitingBytes - waiting).toBeLessThan(FRAME_BYTES);
    await vi.waitFor(() => expect(node.recorder.valueOf(sessionsEnded, { reason: 'stalled' })).toBe(1), patience);
    expect([tcp.destroyed, node.registry.isEmpty, session.ended.aborted]).toEqual([true, true, true]);
    await vi.waitFor(async () => expect(await node.connections()).toBe(0), patience);
    expect(node.interrupted).toHaveLength(1);
  });

  it('and starts again is told once that it lagged, and is welcome back', async () => {
    const session = await stalled({ maxWaitingBytes: 1_000_000, maxStalledMs: 5_000 });
    await emitUntil(session, 1_000_001);
    node.slowSessions.start();
    await vi.waitFor(() => expect(node.interrupted).toHaveLength(1), patience);
    expect(session.isBehind).toBe(true);
    client.resume();
    await client.until('"lagging"');
    await vi.waitFor(() => expect(session.isBehind).toBe(false), patience);
    expect(client.received.split('"lagging"')).toHaveLength(2);
    expect(client.received).toContain('"channels":["desk.SFO"]');
    expect(node.recorder.valueOf(sessionsLagging)).toBe(1);
    client.send('42/realtime,1["authenticate",{"token":"ann"}]');
    await client.until('43/realtime,1[{"ok":true}]');
  });

  it('and misses a heartbeat is gone at once, with all that waited for it', async () => {
    const session = await stalled({ heartbeatIntervalMs: 100, heartbeatTimeoutMs: 100 });
    const tcp = tcpOf(session);
    await emitUntil(session, 1_000_001);
    await vi.waitFor(() => expect(node.recorder.valueOf(sessionsEnded, { reason: 'heartbeat' })).toBe(1), patience);
    expect(tcp.destroyed).toBe(true);
  });
});

describe('the outflow of a socket', () => {
  it('sees a client read a part of a batch, of which no write has been completed', async () => {
    const session = await stalled({});
    const tcp = tcpOf(session);
    const outflow = new SocketOutflow(session.socket);
    // More than the kernels hold at once, which is what they take from a batch in one go.
    await emitUntil(session, 30_000_000);
    const still = outflow.progress;
    await new Promise((resolve) => setImmediate(resolve));
    expect(outflow.progress).toBe(still);

    const seen: { completed: number; progress: number }[] = [];
    while (session.waitingBytes > 0) {
      await client.read(1_000_000);
      seen.push({ completed: tcp.bytesWritten - tcp.writableLength, progress: outflow.progress });
    }
    const inTheMiddle = seen.filter(
      ({ completed, progress }, index) =>
        index > 0 && completed === seen[index - 1]?.completed && progress !== seen[index - 1]?.progress,
    );
    expect(inTheMiddle.length).toBeGreaterThan(0);
  });
});
