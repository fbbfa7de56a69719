import { FakeClock } from '../core/testing/fake-clock.js';
import { channelNamed } from '../hub/testing/hub-bench.js';
import type { SocketSession } from '../session/socket-session.js';
import type { OutboxPage } from '../stream/outbox.port.js';
import { expect, it } from 'vitest';
import { NodeAdmin, type NodeAdminParts } from './node-admin.js';

const desk = channelNamed('desk.SFO');

function sessionNamed(id: string, subject: string): SocketSession {
  const handshake = { issued: 5, address: '10.0.0.1', auth: { token: 'secret' }, headers: { cookie: 'secret' } };
  return { id, subject, state: { kind: 'active' }, waitingBytes: 3, socket: { handshake } } as unknown as SocketSession;
}

function admin(more: Partial<NodeAdminParts> = {}): NodeAdmin {
  const all = ['c', 'a', 'd', 'b'].map((id) => sessionNamed(id, id === 'd' ? 'eve' : 'ann'));
  return new NodeAdmin({
    node: 'node-1',
    version: '1.2.3',
    sessions: { all: () => all, find: (id) => all.find((one) => one.id === id), size: all.length },
    others: { ask: () => Promise.resolve({ nodes: [{ id: 'node-2' }], complete: true }) },
    subscriptions: {
      of: () => [{ channel: desk }],
      on: () => 1,
      size: 1,
    } as unknown as NodeAdminParts['subscriptions'],
    commands: { inFlight: () => 2 },
    hub: { standing: () => undefined },
    store: { head: () => Promise.reject(new Error('unused')) },
    access: {} as NodeAdminParts['access'],
    denials: { all: () => [] },
    outbox: {} as NodeAdminParts['outbox'],
    sequencer: { kick: () => {}, lastPassAt: 4_007.4 },
    drain: { started: false },
    readiness: {
      current: () => ({ state: 'degraded', reason: 'Redis is away', verdicts: [] }),
      report: () => ({ stream: 3 }),
    },
    redis: undefined,
    options: { retentionMs: 60_000, channelRetentionMs: {} },
    clock: new FakeClock(),
    databaseClock: { skewMs: -1_499.6 },
    ...more,
  });
}

it('describes this node first, then those that answered', async () => {
  expect(await admin({ redis: [{ isUp: true }, { isUp: false }] }).nodes()).toMatchObject({
    nodes: [
      {
        id: 'node-1',
        versions: { millrace: '1.2.3', protocol: 1, node: process.version },
        sessions: 4,
        subscriptions: 1,
        draining: false,
        redis: 'down',
        passAgeMs: 993,
        clockSkewMs: -1_500,
        state: 'degraded',
        reason: 'Redis is away',
        health: { stream: 3 },
      },
      { id: 'node-2' },
    ],
    complete: true,
  });
});

it('pages sessions in the order of their ids, and tells nothing that a client keeps for itself', () => {
  const ids = (sessions: object[]) => sessions.map((one) => (one as { id: string }).id);
  expect(ids(admin().sessionsAfter('', 3))).toEqual(['a', 'b', 'c']);
  expect(ids(admin().sessionsAfter('c', 3))).toEqual(['d']);
  expect(ids(admin().sessionsAfter('', 9, 'eve'))).toEqual(['d']);
  expect(admin().session('a')).toEqual({
    id: 'a',
    subject: 'ann',
    state: 'active',
    since: 5,
    address: '10.0.0.1',
    subscriptions: 1,
    waitingBytes: 3,
    commandsInFlight: 2,
    channels: [{ name: desk, followedTo: null }],
  });
  expect(admin().session('z')).toBeUndefined();
  expect(admin().disconnect('z')).toBe(false);
});

it('bounds a page of the outbox in bytes, and wakes the sequencer for a letter that there was', async () => {
  const asked: OutboxPage[] = [];
  let kicks = 0;
  const node = admin({
    outbox: {
      summary: () => Promise.resolve({ staged: 1, oldestAgeMs: 2, deadLetters: 3 }),
      staged: (page) => Promise.resolve((asked.push(page), [])),
      deadLetters: (page) => Promise.resolve((asked.push(page), [])),
      retry: (seq) => Promise.resolve(seq === '1'),
      drop: () => Promise.resolve(true),
    },
    sequencer: { kick: () => void kicks++, lastPassAt: 4_007.4 },
  });
  expect(await node.outbox('0', 5)).toEqual({ staged: 1, oldestAgeMs: 2, deadLetters: 3, events: [] });
  await node.deadLetters('4', 6);
  expect(asked).toEqual([
    { after: '0', maxEvents: 5, maxBytes: 1_048_576 },
    { after: '4', maxEvents: 6, maxBytes: 1_048_576 },
  ]);
  expect([await node.retry('2'), kicks]).toEqual([false, 0]);
  expect([await node.retry('1'), kicks]).toEqual([true, 1]);
});
