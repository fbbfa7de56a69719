import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, type TokenRequest } from '../index.js';
import { FakeServer } from '../testing/index.js';

async function scene(expiresInMs: number) {
  const server = new FakeServer();
  const reasons: TokenRequest['reason'][] = [];
  const client = createClient({ ...server.options, token: ({ reason }) => `${reason}-${reasons.push(reason)}` });
  client.connect();
  await server.settle();
  server.link.control({ kind: 'welcome', session: 's', expiresInMs });
  return { server, client, reasons };
}

describe('a token', () => {
  it('is refreshed before it expires, on the session that it is for, again and again', async () => {
    const { server, client, reasons } = await scene(600_000);
    await server.clock.advance(559_999);
    expect(reasons).toEqual(['connect']);
    await server.clock.advance(1);
    const first = server.expectAuthenticate();
    expect(first.body).toEqual({ token: 'refresh-2' });
    first.answer({ expiresInMs: 10_000 });
    await server.clock.advance(5_000);
    server.expectAuthenticate().answer({});
    await server.clock.advance(10_000_000);
    expect(reasons).toEqual(['connect', 'refresh', 'refresh']);
    expect([client.state.kind, server.links.length]).toEqual(['connected', 1]);
  });

  it('is refreshed when the server asks', async () => {
    const { server } = await scene(600_000);
    server.link.control({ kind: 'reauthenticate', expiresInMs: 30_000 });
    await server.settle();
    expect(server.expectAuthenticate().body).toEqual({ token: 'refresh-2' });
  });

  it('that is refused is fetched again after a pause', async () => {
    const { server, reasons } = await scene(10_000);
    await server.clock.advance(5_000);
    server.expectAuthenticate().refuse(wireError('UNAUTHENTICATED'));
    await server.settle();
    expect(reasons).toHaveLength(2);
    await server.clock.advance(500);
    server.expectAuthenticate().answer({ expiresInMs: 600_000 });
    expect(reasons).toHaveLength(3);
  });

  it('whose refresh is not answered is fetched again, and the late answer is not heard', async () => {
    const { server, reasons } = await scene(10_000);
    await server.clock.advance(5_000);
    const late = server.expectAuthenticate();
    await server.clock.advance(15_000 + 500);
    expect(reasons).toHaveLength(3);
    late.refuse(wireError('PRINCIPAL_CHANGED'));
    server.expectAuthenticate().answer({});
    await server.clock.advance(60_000);
    expect([reasons.length, server.links.length]).toEqual([3, 1]);
  });

  it('of somebody else opens a new connection', async () => {
    const { server, client, reasons } = await scene(10_000);
    await server.clock.advance(5_000);
    server.expectAuthenticate().refuse(wireError('PRINCIPAL_CHANGED'));
    expect(client.state).toMatchObject({ kind: 'reconnecting', error: { code: 'PRINCIPAL_CHANGED' } });
    await server.clock.advance(1_000);
    expect(reasons).toEqual(['connect', 'refresh', 'connect']);
    expect(client.state.kind).toBe('connected');
  });

  it('that is not there any more leaves the session to its end', async () => {
    const server = new FakeServer();
    const tokens = ['first', null, null, null, null];
    const client = createClient({ ...server.options, token: () => tokens.shift() });
    client.connect();
    await server.settle();
    server.link.control({ kind: 'welcome', session: 's', expiresInMs: 60_000 });
    await server.clock.advance(30_400);
    expect([tokens.length, client.state.kind]).toEqual([3, 'connected']);
    server.link.control({ kind: 'closing', error: wireError('TOKEN_EXPIRED') });
    await server.clock.advance(5_000);
    expect([tokens.length, client.state.kind]).toEqual([1, 'needs-auth']);
  });

  it('is not refreshed any more when the session has ended', async () => {
    const { server, client, reasons } = await scene(60_000);
    client.disconnect();
    await server.clock.advance(120_000);
    expect([reasons.length, server.clock.pending]).toEqual([1, 0]);
  });
});
