import { describe, expect, it } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { AuthenticateRoute } from './authenticate-route.js';
import type { Authenticator, Identity } from './authenticator.port.js';
import { Identify } from './identify.js';
import { RefusalTally } from './refusals/refusal-tally.js';
import type { Session } from './session.js';
import { SessionBench } from './testing/session-bench.js';
import { Deferred } from './testing/deferred.js';

function scene(authenticate: Authenticator['authenticate']) {
  const bench = new SessionBench();
  const asked: unknown[] = [];
  const rights = {
    renewing: (renewed: Session) => {
      asked.push(['left', renewed.principal]);
      return () => void asked.push(['asked', renewed.principal]);
    },
  };
  const route = new AuthenticateRoute(
    new Identify({ authenticate }, bench.options, bench.clock, new RefusalTally(bench.clock)),
    bench.clock,
    rights,
  );
  return { bench, route, asked, ...bench.open() };
}

describe('AuthenticateRoute', () => {
  it('renews the session and says how long the token holds', async () => {
    const { bench, route, session } = scene(() =>
      Promise.resolve({ principal: 'new', subject: 'ann', expiresAt: bench.clock.now() + 500 }),
    );
    await expect(route.handle(session, { token: 't' })).resolves.toEqual({ expiresInMs: 500 });
    expect(session.principal).toBe('new');
    expect(session.state).toEqual({ kind: 'active', expiresAt: bench.clock.now() + 500 });
  });

  it('takes back what the former principal may have, and asks about it once the session speaks for the fresh one', async () => {
    const { route, session, asked } = scene(() => Promise.resolve({ principal: 'new', subject: 'ann' }));
    await route.handle(session, { token: 't' });
    expect(asked).toEqual([
      ['left', { name: 'ann' }],
      ['asked', 'new'],
    ]);
  });

  it('says nothing of the end of a token that has none', async () => {
    const { route, session } = scene(() => Promise.resolve({ principal: 'new', subject: 'ann' }));
    await expect(route.handle(session, { token: 't' })).resolves.toEqual({});
  });

  it.each([[undefined], [null], ['t'], [{}], [{ token: 7 }]])('refuses the frame %j', async (body) => {
    const { route, session } = scene(() => Promise.resolve({ principal: 1, subject: 'ann' }));
    await expect(route.handle(session, body)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('keeps the session as it is when the token is refused or another’s', async () => {
    let answer: Identity | CodedError = new CodedError('UNAUTHENTICATED');
    const { route, session, asked } = scene(() =>
      answer instanceof CodedError ? Promise.reject(answer) : Promise.resolve(answer),
    );
    await expect(route.handle(session, { token: 't' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    answer = { principal: 'bob', subject: 'bob' };
    await expect(route.handle(session, { token: 't' })).rejects.toMatchObject({ code: 'PRINCIPAL_CHANGED' });
    expect([session.principal, session.state]).toEqual([{ name: 'ann' }, { kind: 'active' }]);
    expect(asked).toEqual([]);
  });

  it('takes one token of a session at a time, so that the older one is never the last', async () => {
    const waiting: ((identity: Identity) => void)[] = [];
    const { bench, route, session } = scene(() => new Promise((resolve) => waiting.push(resolve)));
    const other = bench.open(undefined, 'b').session;
    const first = route.handle(session, { token: 'one' });
    await expect(route.handle(session, { token: 'two' })).rejects.toMatchObject({ code: 'BUSY' });
    const others = route.handle(other, { token: 'three' });
    for (const answer of waiting.splice(0)) answer({ principal: 'new', subject: 'ann' });
    await Promise.all([first, others]);
    const again = route.handle(session, { token: 'four' });
    waiting[0]?.({ principal: 'newer', subject: 'ann' });
    await again;
    expect(session.principal).toBe('newer');
  });

  it('answers without a word about a session that expired meanwhile, and leaves it ended', async () => {
    const identity = new Deferred<Identity>();
    const { bench, route, session, socket } = scene(() => identity.promise);
    session.renew({ principal: 1, subject: 'ann', expiresAt: bench.clock.now() + 100 });
    const answer = route.handle(session, { token: 't' });
    await bench.clock.advance(100);
    expect(socket.connected).toBe(false);
    identity.resolve({ principal: 2, subject: 'ann', expiresAt: bench.clock.now() + 9_000 });
    await answer;
    expect(session.state).toMatchObject({ kind: 'closed', error: { code: 'TOKEN_EXPIRED' } });
    await bench.clock.advance(5_000);
    expect(bench.clock.pending).toBe(0);
  });

  it('renews sessions on sockets only', async () => {
    const { route } = scene(() => Promise.resolve({ principal: 1, subject: 'ann' }));
    const session = { id: 's' } as Session;
    await expect(route.handle(session, { token: 't' })).rejects.toMatchObject({ code: 'FRAME_INVALID' });
  });
});
