import { PROTOCOL_VERSION, wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, defineCommand, event, RealtimeError, type ClientOptions } from '../index.js';
import { FakeLog, FakeServer } from '../testing/index.js';

const ping = defineCommand('desk.ping');
const desk = defineChannel('desk', { delivery: 'durable', events: { 'a.b': event<number>() } });

function scene(options: Partial<ClientOptions> = {}, server = new FakeServer()) {
  const client = createClient({ ...server.options, ...options });
  const states: string[] = [];
  client.onState(({ kind }) => states.push(kind));
  return { server, client, states };
}

describe('the connection', () => {
  it('says who it is', async () => {
    const { server, client } = scene({ client: { name: 'board', version: '2' }, token: () => 'secret' });
    client.connect();
    await server.settle();
    expect(server.link.handshake).toEqual({
      protocol: PROTOCOL_VERSION,
      token: 'secret',
      client: { name: 'board', version: '2' },
      awayMs: 0,
    });
    expect(client.state).toMatchObject({ kind: 'connected', session: 'session-1' });
  });

  it('says how long it was away when it comes back, tries that failed included, and not when it was told to leave', async () => {
    const server = new FakeServer({ random: () => 1 });
    const { client } = scene({}, server);
    client.connect();
    await server.settle();
    await server.clock.advance(5_000);
    server.link.drop();
    await server.clock.advance(500);
    await server.settle();
    expect(server.link.handshake).toMatchObject({ awayMs: 500 });
    server.link.drop();
    await server.clock.advance(500);
    await server.settle();
    expect(server.link.handshake).toMatchObject({ awayMs: 500 });
    client.disconnect();
    await server.clock.advance(500);
    client.connect();
    await server.settle();
    expect(server.link.handshake).toMatchObject({ awayMs: 0 });
  });

  it('was not away while the node that it left drained', async () => {
    const server = new FakeServer({ random: () => 0 });
    const { client } = scene({}, server);
    client.connect();
    await server.settle();
    await server.clock.advance(5_000);
    server.link.control({ kind: 'draining', retryAfterMs: 3_000 });
    await server.clock.advance(3_000);
    await server.settle();
    expect([server.links.length, server.link.handshake.awayMs]).toEqual([2, 1]);
    server.link.control({ kind: 'draining', retryAfterMs: 3_000 });
    await server.clock.advance(1_000);
    server.link.drop();
    await server.clock.advance(400);
    await server.settle();
    expect(client.state.kind).toBe('connected');
    expect(server.link.handshake.awayMs).toBeLessThanOrEqual(400);
  });

  it('waits with full jitter, longer each time, and starts low again after a session that lasted', async () => {
    const server = new FakeServer({ accept: 'by-hand', random: () => 1 });
    const { client } = scene({}, server);
    client.connect();
    const waits: number[] = [];
    for (let failure = 0; failure < 8; failure++) {
      await server.settle();
      server.link.drop();
      const { state } = client;
      const waitMs = state.kind === 'reconnecting' ? state.nextAt - server.clock.now() : -1;
      waits.push(waitMs);
      await server.clock.advance(waitMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
    server.accept();
    await server.clock.advance(5_000);
    server.link.drop();
    expect(client.state).toMatchObject({ kind: 'reconnecting', attempt: 1, nextAt: server.clock.now() + 500 });
  });

  it('tries again at once when the network is back, but not before the server allows it', async () => {
    const { server, client } = scene();
    client.connect();
    await server.settle();
    server.link.drop();
    server.wake();
    await server.settle();
    expect([client.state.kind, server.links.length]).toEqual(['connected', 2]);
    server.link.control({ kind: 'closing', error: wireError('BUSY', { retryAfterMs: 5_000 }) });
    server.wake();
    expect(client.state).toMatchObject({ kind: 'reconnecting', error: { code: 'BUSY' } });
    await server.clock.advance(4_999);
    server.wake();
    expect(server.links).toHaveLength(2);
    await server.clock.advance(1);
    server.wake();
    await server.settle();
    expect(server.links).toHaveLength(3);
  });

  it('gives a try up that takes too long', async () => {
    const server = new FakeServer({ accept: 'by-hand' });
    const { client } = scene({ connectTimeoutMs: 3_000 }, server);
    client.connect();
    await server.clock.advance(2_999);
    expect(server.link.isOpen).toBe(true);
    await server.clock.advance(1);
    expect([server.link.isOpen, client.state.kind]).toEqual([false, 'reconnecting']);
  });

  it('gives a token up that takes too long, and lets the function know', async () => {
    const signals: AbortSignal[] = [];
    const { server, client } = scene({
      connectTimeoutMs: 3_000,
      token: ({ signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const states: unknown[] = [];
    client.onState((state) => states.push(state));
    client.connect();
    await server.clock.advance(10_000);
    expect(signals.length).toBeGreaterThan(1);
    expect(signals[0]?.aborted).toBe(true);
    const message = 'No token: The token function did not answer within 3000 ms';
    const error = expect.objectContaining({ code: 'UNAUTHENTICATED', message }) as unknown;
    expect(states).toContainEqual(expect.objectContaining({ kind: 'reconnecting', error }));
    expect(server.links).toHaveLength(0);
  });

  it.each([[null], [undefined], ['']])('needs somebody to sign in when there is no token (%j)', async (none) => {
    let token: string | null | undefined = none;
    const asked: string[] = [];
    const { server, client } = scene({ token: ({ reason }) => (asked.push(reason), token) });
    const failure = client.send(ping).catch((error: unknown) => error);
    await server.clock.advance(60_000);
    const message = 'No token: nobody is signed in';
    expect(client.state).toMatchObject({ kind: 'needs-auth', error: { code: 'UNAUTHENTICATED', message } });
    expect(asked).toEqual(['connect', 'refused', 'refused']);
    expect([server.links.length, server.clock.pending]).toEqual([0, 0]);
    expect(await failure).toMatchObject({ code: 'UNAUTHENTICATED', outcome: 'not-applied' });
    token = 'a-token';
    client.connect();
    await server.settle();
    expect(client.state.kind).toBe('connected');
  });

  it.each([
    ['FORBIDDEN', 'disconnected', 1],
    ['PROTOCOL_UNSUPPORTED', 'disconnected', 5],
    ['UNAUTHENTICATED', 'needs-auth', 5],
  ] as const)('fails requests at once after %s ends in %s, until told to start again', async (code, kind, tries) => {
    const server = new FakeServer({ accept: 'by-hand' });
    const { client } = scene({ refusalPatienceMs: 1, maxBackoffMs: 2_000 }, server);
    const failures: unknown[] = [];
    const ask = () => {
      for (const asked of [client.send(ping), client.history(desk, {})]) {
        void asked.catch((failure: unknown) => failures.push(failure));
      }
    };
    client.connect();
    ask();
    for (let refused = 1; refused <= tries; refused++) {
      await server.clock.advance(2_000);
      expect(failures).toEqual([]);
      server.refuse(wireError(code));
    }
    expect(client.state).toEqual({ kind, error: wireError(code) });
    ask();
    await server.settle();
    const { message, retry } = wireError(code);
    const failure = { code, message, retry, outcome: 'not-applied' };
    expect(failures).toMatchObject([failure, failure, failure, failure]);
    expect([server.links.length, server.clock.pending]).toEqual([tries, 0]);

    client.connect();
    const sent = client.send(ping);
    await server.settle();
    server.accept();
    server.expectCommand().answer();
    await expect(sent).resolves.toBeUndefined();
  });

  it('fails at once what a listener sends while the refusal is told', async () => {
    const { server, client } = scene();
    const sub = client.subscribe(desk, {});
    const failures: unknown[] = [];
    await server.settle();
    server.answerSubscribe((item) => new FakeLog('desk').answer(item));
    sub.on('state', () => void client.send(ping).catch((failure: unknown) => failures.push(failure)));
    server.link.control({ kind: 'closing', error: wireError('FORBIDDEN') });
    await server.settle();
    expect(failures).toMatchObject([{ code: 'FORBIDDEN', outcome: 'not-applied' }]);
  });

  it('does not come back by itself after disconnect()', async () => {
    const { server, client, states } = scene();
    client.connect();
    await server.settle();
    client.disconnect();
    server.wake();
    client.send(ping).catch(() => {});
    await server.clock.advance(60_000);
    expect([server.links.length, server.link.isOpen]).toEqual([1, false]);
    expect(states).toEqual(['connecting', 'connected', 'disconnected']);
  });

  it('connects on first use only when it may', async () => {
    const { server, client } = scene({ start: 'on-call' });
    const sent = client.send(ping);
    await server.clock.advance(1_000);
    expect(server.links).toHaveLength(0);
    client.connect();
    await server.settle();
    server.expectCommand().answer();
    await expect(sent).resolves.toBeUndefined();
  });

  it('ends for good, with nothing left open', async () => {
    const { server, client } = scene();
    const sent = client.send(ping);
    await server.settle();
    client.close();
    client.disconnect();
    await expect(sent).rejects.toMatchObject({ code: 'CLIENT_CLOSED', outcome: 'unknown' });
    await expect(client.send(ping)).rejects.toMatchObject({ code: 'CLIENT_CLOSED', outcome: 'not-applied' });
    expect(() => client.connect()).toThrow(RealtimeError);
    expect([client.state.kind, server.link.isOpen, server.clock.pending]).toEqual(['closed', false, 0]);
  });

  it('leaves a draining node when it is told to, and not before its commands are answered', async () => {
    const { server, client, states } = scene();
    const first = client.send(ping);
    await server.settle();
    server.link.control({ kind: 'draining', retryAfterMs: 500 });
    const second = client.send(ping);
    await server.clock.advance(2_000);
    expect([client.state.kind, server.links.length, server.link.requests.length]).toEqual(['draining', 1, 1]);
    server.expectCommand().answer();
    await expect(first).resolves.toBeUndefined();
    await server.clock.advance(100);
    expect([client.state.kind, server.links.length, server.links[0]?.isOpen]).toEqual(['connected', 2, false]);
    server.expectCommand().answer();
    await expect(second).resolves.toBeUndefined();
    expect(states.filter((kind, index) => kind !== states[index - 1])).toEqual([
      'connecting',
      'connected',
      'draining',
      'connecting',
      'connected',
    ]);
  });

  it.each([
    ['never', wireError('FORBIDDEN'), 'disconnected'],
    ['reconnect', wireError('DRAINING', { retryAfterMs: 100 }), 'reconnecting'],
    ['reauthenticate', wireError('TOKEN_EXPIRED'), 'connecting'],
  ] as const)('obeys a closing server: %s', async (_retry, error, kind) => {
    const { server, client } = scene();
    client.connect();
    await server.clock.advance(10_000);
    server.link.control({ kind: 'closing', error });
    expect([client.state.kind, server.link.isOpen]).toEqual([kind, false]);
  });
});

describe('options', () => {
  it.each([
    ['connectTimeoutMs', { connectTimeoutMs: 0 }],
    ['maxQueuedCommands', { maxQueuedCommands: Number.NaN }],
    ['minBackoffMs must', { minBackoffMs: -1 }],
    ['maxBackoffMs must be minBackoffMs', { minBackoffMs: 10, maxBackoffMs: 5 }],
  ])('out of bounds are refused: %s', (name, options) => {
    expect(() => createClient({ ...new FakeServer().options, ...options })).toThrow(name);
  });
});
