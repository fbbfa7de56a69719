import { Logger, UnauthorizedException } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import type { Authenticator, Identity } from './authenticator.port.js';
import { Identify } from './identify.js';
import { RefusalTally } from './refusals/refusal-tally.js';

const ann = { principal: 1, subject: 'ann' };

function scene(authenticate: Authenticator['authenticate']) {
  const clock = new FakeClock();
  return {
    clock,
    identify: new Identify({ authenticate }, { authenticateTimeoutMs: 1_000 }, clock, new RefusalTally(clock)),
  };
}

const refusalOf = (identity: Promise<Identity>): Promise<unknown> => identity.catch((error: unknown) => error);

const accepting = (identity: unknown) => scene(() => Promise.resolve(identity as Identity));

describe('Identify', () => {
  it('passes an identity on and leaves no timer behind', async () => {
    const { clock, identify } = accepting(ann);
    await expect(identify.identify('t')).resolves.toEqual(ann);
    expect(clock.pending).toBe(0);
  });

  it('gives an authenticator up that takes too long, and lets it know', async () => {
    let signal: AbortSignal | undefined;
    const { clock, identify } = scene((_, given) => {
      signal = given;
      return new Promise(() => {});
    });
    const refused = refusalOf(identify.identify('t'));
    await clock.advance(999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(await refused).toMatchObject({ code: 'BUSY', detail: { retryAfterMs: 1_000 } });
    expect(signal?.aborted).toBe(true);
  });

  it('does not stumble over an authenticator that fails after it was given up', async () => {
    const { clock, identify } = scene(
      (_, signal) => new Promise((__, reject) => signal.addEventListener('abort', () => reject(new Error('too late')))),
    );
    const refused = refusalOf(identify.identify('t'));
    await clock.advance(1_000);
    expect(await refused).toMatchObject({ code: 'BUSY' });
  });

  it.each([
    ['rejects', () => Promise.reject(new CodedError('FORBIDDEN'))],
    [
      'throws at once',
      () => {
        throw new CodedError('FORBIDDEN');
      },
    ],
  ])('passes on what an authenticator that %s says, and leaves no timer behind', async (_, authenticate) => {
    const { clock, identify } = scene(authenticate);
    await expect(identify.identify('t')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(clock.pending).toBe(0);
  });

  it('refuses a token that has expired meanwhile', async () => {
    const { clock, identify } = scene(() => Promise.resolve({ ...ann, expiresAt: clock.now() }));
    await expect(identify.identify('t')).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('takes one that holds a moment longer', async () => {
    const { clock, identify } = scene(() => Promise.resolve({ ...ann, expiresAt: clock.now() + 1 }));
    await expect(identify.identify('t')).resolves.toMatchObject({ subject: 'ann' });
  });

  it.each([['a'], ['x'.repeat(255)], ['auth0|5f7c8ec7c33c6c004bbafe82'], ['Ünïcödé 名']])(
    'takes the subject "%s"',
    async (subject) => {
      await expect(accepting({ ...ann, subject }).identify.identify('t')).resolves.toMatchObject({ subject });
    },
  );

  it('passes a 401 on as what it says about the token', async () => {
    const { identify } = scene(() => Promise.reject(new UnauthorizedException('unknown key')));
    await expect(identify.identify('t')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  describe('with an authenticator that returns what no session can have', () => {
    let logged: string[];
    beforeEach(() => {
      logged = [];
      vi.spyOn(Logger.prototype, 'error').mockImplementation((entry: unknown) => void logged.push(String(entry)));
    });
    afterEach(() => vi.restoreAllMocks());

    const subjects = ['', 'x'.repeat(256), undefined, null, 7, { id: 7 }, ['ann'], 'a\u0000b', 'a\nb', '\ud800'];
    const expiries = [Number.NaN, Infinity, 'tomorrow', null, new Date(), 7n];
    it.each([
      ...subjects.map((subject) => ['subject', { ...ann, subject }] as const),
      ...expiries.map((expiresAt) => ['expiresAt', { ...ann, expiresAt }] as const),
      ...[undefined, null, 'ann', 7].map((identity) => ['identity', identity] as const),
    ])('refuses the token for a bad %s, and says once in the log what to change', async (word, identity) => {
      const bad = accepting(identity).identify;
      for (let tries = 0; tries < 3; tries++) {
        await expect(bad.identify('t')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      }
      expect(logged).toHaveLength(1);
      expect(logged[0]).toContain(word);
    });
  });
});
