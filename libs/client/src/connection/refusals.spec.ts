import { wireError, type WireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, type Client, type ClientOptions, type TokenRequest } from '../index.js';
import { FakeServer } from '../testing/index.js';

const expired = wireError('TOKEN_EXPIRED');
const badSignature = wireError('UNAUTHENTICATED', { reason: 'signature' });

/** Clients of one server whose connections are all answered with what `answer` says; `undefined` lets them in. */
function scene(answer: () => WireError | undefined, options: Partial<ClientOptions> = {}) {
  let draws = 0;
  const server = new FakeServer({ accept: 'by-hand', random: () => (draws++ % 10) / 10 });
  let asked = 0;
  const reasons: TokenRequest['reason'][] = [];
  const token: ClientOptions['token'] = ({ reason }) => `token ${reasons.push(reason)}`;
  const client = createClient({ ...server.options, token, ...options });
  const run = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      await server.clock.advance(100);
      for (; asked < server.links.length; asked++) {
        const error = answer();
        if (error) server.links[asked]?.drop(error);
        else server.links[asked]?.accept(`session ${asked}`);
      }
    }
  };
  return { server, client, reasons, run };
}

const errorOf = ({ state }: Client): WireError | undefined => ('error' in state ? state.error : undefined);

describe('a node that refuses everybody', () => {
  it.each([
    ['whose clock is two hours ahead', expired],
    ['whose secret is another one', badSignature],
    ['of another version', wireError('PROTOCOL_UNSUPPORTED')],
  ])('%s, and gets all tries, signs nobody out within a minute', async (_what, error) => {
    const clients = Array.from({ length: 8 }, () => {
      let isBad = true;
      const one = scene(() => (isBad ? error : undefined));
      return { ...one, mend: () => (isBad = false) };
    });
    for (const { client, run, mend } of clients) {
      const stopped: string[] = [];
      client.onState(({ kind }) => void (kind === 'needs-auth' || kind === 'disconnected' ? stopped.push(kind) : 0));
      client.connect();
      await run(59_900);
      expect(stopped).toEqual([]);
      mend();
      await run(10_100);
      expect(client.state.kind).toBe('connected');
    }
  });

  it('is asked over a new connection each time, with pauses that grow, and at last believed', async () => {
    const { server, client, reasons, run } = scene(() => badSignature);
    client.connect();
    await run(80_000);
    expect(client.state).toEqual({ kind: 'needs-auth', error: badSignature });
    expect(server.links.length).toBeGreaterThanOrEqual(8);
    expect(server.links.length).toBeLessThanOrEqual(20);
    expect(reasons).toEqual(['connect', ...Array.from({ length: server.links.length - 1 }, () => 'refused')]);
    expect(server.clock.pending).toBe(0);
  });
});

describe('an expired token', () => {
  it('that is fresh is told from one that is not: a clock is wrong', async () => {
    const { client, run } = scene(() => expired);
    const reasons: unknown[] = [];
    client.onState((state) => void ('error' in state && reasons.push(state.error?.reason)));
    client.connect();
    await run(5_000);
    expect(reasons.length).toBeGreaterThan(1);
    expect(new Set(reasons)).toEqual(new Set(['clock']));
    await run(80_000);
    expect(errorOf(client)).toEqual({ ...expired, reason: 'clock' });
  });

  it('that the function returns again and again is not called fresh', async () => {
    const { client, run } = scene(() => expired, { token: () => 'the same' });
    client.connect();
    await run(80_000);
    expect(client.state).toEqual({ kind: 'needs-auth', error: expired });
  });

  it('of a session that lasted is fetched again at once', async () => {
    const { server, client, reasons, run } = scene(() => undefined);
    client.connect();
    await run(60_000);
    server.link.control({ kind: 'closing', error: expired });
    await run(100);
    expect([client.state.kind, reasons]).toEqual(['connected', ['connect', 'refused']]);
  });
});

describe('an application that refuses for good', () => {
  it.each([
    ['FORBIDDEN', 'disconnected', wireError('FORBIDDEN')],
    ['UNAUTHENTICATED with the reason sign-in', 'needs-auth', wireError('UNAUTHENTICATED', { reason: 'sign-in' })],
  ] as const)('is believed at once: %s', async (_what, kind, error) => {
    const { server, client, run } = scene(() => error);
    client.connect();
    await run(100);
    expect([client.state, server.links.length]).toEqual([{ kind, error }, 1]);
  });

  it('ends a session in the same way', async () => {
    const { server, client, run } = scene(() => undefined);
    client.connect();
    await run(100);
    const error = wireError('UNAUTHENTICATED', { reason: 'sign-in' });
    server.link.control({ kind: 'closing', error });
    expect(client.state).toEqual({ kind: 'needs-auth', error });
  });
});
