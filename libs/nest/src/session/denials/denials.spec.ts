import { beforeEach, describe, expect, it } from 'vitest';
import type { Denial } from '../../core/denial.js';
import type { Identity } from '../authenticator.port.js';
import { sessionsEnded } from '../session.metrics.js';
import { SessionBench } from '../testing/session-bench.js';
import { Denials } from './denials.js';

const ann: Identity = { principal: { name: 'ann' }, subject: 'ann', tokenId: 't1', issuedAt: 1_000 };

describe('who is kept out of a node', () => {
  let bench: SessionBench;
  let table: readonly Denial[];
  let reads: number;
  let isDown: boolean;
  let denials: Denials;

  beforeEach(async () => {
    bench = new SessionBench();
    [table, reads, isDown] = [[], 0, false];
    const { registry, clock, recorder } = bench;
    const read = async (): Promise<readonly Denial[]> => {
      reads++;
      const found = table;
      await Promise.resolve();
      if (isDown) throw new Error('The database is away');
      return found;
    };
    denials = new Denials({ read, registry, clock, databaseClock: clock, recorder });
    await denials.start();
  });

  const now = (): number => bench.clock.now();
  const open = (identity = ann, id?: string) => {
    const { session, socket } = bench.open(identity, id);
    denials.opened(session);
    return { session, closing: () => socket.told.filter(isClosing) };
  };
  const isClosing = (frame: unknown): boolean => (frame as { kind?: string }).kind === 'closing';
  const refusal = (identity = ann): unknown => {
    try {
      denials.assertAllowed(identity);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  const cases = [
    ['a blocked subject', { kind: 'subject', key: 'ann' }, { code: 'SUBJECT_BLOCKED' }],
    ['a revoked token', { kind: 'token', key: 't1' }, { code: 'UNAUTHENTICATED', reason: 'revoked' }],
    ['a token that is too old', { kind: 'issued', key: 'ann', moment: 1_001 }, { code: 'UNAUTHENTICATED' }],
  ] as const;

  it.each(cases)(
    '%s: its session ends, and its handshakes are refused, until that is over',
    async (_what, denial, wire) => {
      const { session, closing } = open();
      const other = open({ principal: 1, subject: 'bob', tokenId: 't2', issuedAt: 1_000 }, 'other');
      denials.carryOut('access.denied', { moment: now(), until: now() + 5_000, ...denial });
      expect(closing()).toMatchObject([{ error: wire }]);
      expect(session.state.kind).toBe('closed');
      expect(refusal()).toMatchObject({ code: wire.code });
      expect([other.session.state.kind, refusal({ principal: 1, subject: 'bob', issuedAt: 1_000 })]).toEqual([
        'active',
        undefined,
      ]);
      expect(bench.recorder.valueOf(sessionsEnded, { reason: 'denied' })).toBe(1);
      await bench.clock.advance(5_001);
      expect([refusal(), denials.all()]).toEqual([undefined, []]);
    },
  );

  it.each(cases)('%s is let in again when it is taken back', (_what, denial) => {
    const whole = { moment: now(), ...denial };
    denials.carryOut('access.denied', whole);
    expect(refusal()).toBeDefined();
    denials.carryOut('access.allowed', whole);
    expect(refusal()).toBeUndefined();
  });

  it('a newer token of the same subject is accepted, one that says nothing of its age is not', () => {
    denials.carryOut('access.denied', { kind: 'issued', key: 'ann', moment: 1_001 });
    expect(refusal({ ...ann, issuedAt: 1_001 })).toBeUndefined();
    expect(refusal({ principal: 1, subject: 'ann' })).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('a session that was renewed is known by its fresh token', () => {
    const { session } = open();
    session.renew({ ...ann, tokenId: 't2' });
    denials.carryOut('access.denied', { kind: 'token', key: 't1', moment: now() });
    expect(session.state.kind).toBe('active');
    denials.carryOut('access.denied', { kind: 'token', key: 't2', moment: now() });
    expect(session.state.kind).toBe('closed');
  });

  it('a disconnected subject loses the sessions that it has, and comes back', async () => {
    const { session, closing } = open();
    denials.carryOut('access.denied', { kind: 'sessions', key: 'ann', moment: now() - 5_000 });
    expect([session.state.kind, refusal()]).toEqual(['closed', undefined]);
    expect(closing()).toMatchObject([{ error: { code: 'SESSION_REVOKED', retry: 'reauthenticate' } }]);
    await bench.clock.advance(10);
    expect(open(ann, 'again').session.state.kind).toBe('active');
  });

  it('one who was let in while the news came is put out at once', () => {
    denials.carryOut('access.denied', { kind: 'subject', key: 'ann', moment: now() });
    expect(open().session.state.kind).toBe('closed');
  });

  it('are read when the node starts, when it missed news, and every minute', async () => {
    const { session } = open();
    expect(reads).toBe(1);
    table = [{ kind: 'subject', key: 'ann', moment: now() }];
    denials.missed();
    await bench.clock.advance(500);
    expect([reads, session.state.kind]).toEqual([2, 'closed']);
    table = [];
    await bench.clock.advance(61_000);
    expect([reads, refusal()]).toEqual([3, undefined]);
  });

  it('are as before while they cannot be read, which is tried again', async () => {
    denials.carryOut('access.denied', { kind: 'subject', key: 'ann', moment: now() });
    isDown = true;
    denials.missed();
    await bench.clock.advance(2_000);
    expect(refusal()).toBeDefined();
    isDown = false;
    await bench.clock.advance(500);
    expect(refusal()).toBeUndefined();
  });

  it('are not taken from a read that the news overtook', async () => {
    denials.missed();
    const advanced = bench.clock.advance(500);
    denials.carryOut('access.denied', { kind: 'subject', key: 'ann', moment: now() });
    table = [{ kind: 'subject', key: 'ann', moment: now() }];
    await advanced;
    expect(refusal()).toBeDefined();
  });

  it.each([null, 7, {}, { kind: 'other', key: 'ann', moment: 1 }, { kind: 'subject', key: '', moment: 1 }])(
    'news that says nothing lets the node look into the table: %j',
    async (data) => {
      denials.carryOut('access.denied', data);
      await bench.clock.advance(500);
      expect(reads).toBe(2);
    },
  );
});
