import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, type RealtimeError } from '@millrace/client';
import { Server, type Socket } from 'socket.io';
import { afterEach, expect, it, vi } from 'vitest';

/** Servers of Socket.IO as it comes, without Millrace in them. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function visit(setUp: (server: Server) => unknown, heartbeatMs = 10_000) {
  const http = createServer();
  const server = new Server(http, { path: '/realtime', pingInterval: heartbeatMs, pingTimeout: heartbeatMs });
  closers.push(() => server.close());
  setUp(server);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const client = createClient({ url: `http://127.0.0.1:${port}`, token: () => 't', connectTimeoutMs: 300 });
  closers.push(() => client.close());
  const states: string[] = [];
  const errors: RealtimeError[] = [];
  client.onState(({ kind }) => states.push(kind));
  client.onError((error) => errors.push(error));
  client.connect();
  return { states, errors };
}

it.each<[string, (server: Server) => unknown, string]>([
  ['has another namespace', (server) => server.of('/chat'), 'namespace'],
  ['has the namespace and is not Millrace', (server) => server.of('/realtime'), 'namespace'],
  [
    'refuses by a middleware of its own',
    (server) => server.of('/realtime').use((_, next) => next(new Error('members only'))),
    'middleware',
  ],
])('a server that %s is never taken for Millrace, and the error says what to look at', async (_what, setUp, reason) => {
  const { states, errors } = await visit(setUp);
  await vi.waitFor(() => expect(errors).toHaveLength(1), { timeout: 2_000 });
  expect(errors[0]).toMatchObject({ code: 'CONNECT_FAILED', reason });
  expect(errors[0]?.message).toMatch(reason === 'namespace' ? /MillraceModule/ : /members only/);
  expect(states).not.toContain('connected');
});

it('what arrives shows life where pings do not come through, and silence ends the connection', async () => {
  const heartbeatMs = 150;
  let welcomed: Socket | undefined;
  const { states } = await visit((server) => {
    server.of('/realtime').on('connection', (socket) => {
      const conn = socket.conn as unknown as Record<'pingIntervalTimer' | 'pingTimeoutTimer', NodeJS.Timeout>;
      clearTimeout(conn.pingIntervalTimer);
      clearTimeout(conn.pingTimeoutTimer);
      socket.emit('control', { kind: 'welcome', session: 's' });
      welcomed ??= socket;
    });
  }, heartbeatMs);
  await vi.waitFor(() => expect(states).toContain('connected'));
  for (let passedMs = 0; passedMs < 4 * heartbeatMs; passedMs += 50) {
    welcomed?.emit('live', { channel: 'viewers.SFO', events: [] });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(states).toEqual(['connecting', 'connected']);
  await vi.waitFor(() => expect(states[2]).toBe('reconnecting'), { timeout: 10 * heartbeatMs });
});
