import type { Socket } from 'socket.io';
import { PROTOCOL_VERSION } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { Admission } from './admission.js';
import type { Identity } from './authenticator.port.js';
import { Identify } from './identify.js';
import { LateRefusals } from './refusals/late-refusals.js';
import { RefusalTally } from './refusals/refusal-tally.js';
import { Deferred } from './testing/deferred.js';

const ann: Identity = { principal: 1, subject: 'ann' };

function scene(answer = answerTo) {
  const asked: string[] = [];
  const authenticate = (token: string): Promise<Identity> => {
    asked.push(token);
    return answer(token);
  };
  const clock = new FakeClock();
  const tally = new RefusalTally(clock);
  const identify = new Identify({ authenticate }, { authenticateTimeoutMs: 1_000 }, clock, tally);
  return { asked, clock, tally, admission: new Admission(identify, new LateRefusals(tally, clock, 5_000), unlimited) };
}

const unlimited = { ask: () => Promise.resolve(), enter: () => Promise.resolve(), trustedHops: 0 };

const answerTo = (token: string): Promise<Identity> =>
  token === 'good' ? Promise.resolve(ann) : Promise.reject(new CodedError('UNAUTHENTICATED'));

const socketOn = (conn: object, token: string, protocol: number = PROTOCOL_VERSION) =>
  ({
    conn,
    handshake: { auth: { protocol, token, client: {} }, address: '203.0.113.7', headers: {} },
  }) as unknown as Socket;

describe('Admission', () => {
  it('lets in who the authenticator knows, and keeps the token nowhere', async () => {
    const { admission } = scene();
    const socket = socketOn({}, 'good');
    await expect(admission.admit(socket)).resolves.toBe(ann);
    expect(JSON.stringify(socket.handshake)).not.toContain('good');
  });

  it('asks the authenticator nothing about a protocol that is not spoken here', async () => {
    const { admission, asked } = scene();
    await expect(admission.admit(socketOn({}, 'good', 2))).rejects.toMatchObject({
      code: 'PROTOCOL_UNSUPPORTED',
    });
    expect(asked).toEqual([]);
  });

  it('lets a connection guess three times', async () => {
    const { admission, asked } = scene();
    const conn = {};
    for (const guess of ['a', 'b', 'c']) {
      await expect(admission.admit(socketOn(conn, guess))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    await expect(admission.admit(socketOn(conn, 'good'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(admission.admit(socketOn({}, 'good'))).resolves.toBe(ann);
    expect(asked).toEqual(['a', 'b', 'c', 'good']);
  });

  it('lets a connection have one try at a time', async () => {
    const identity = new Deferred<Identity>();
    const { admission } = scene(() => identity.promise);
    const conn = {};
    const first = admission.admit(socketOn(conn, 'one'));
    await expect(admission.admit(socketOn(conn, 'two'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    identity.resolve(ann);
    await expect(first).resolves.toBe(ann);
  });
});
