import type { Client, ConnectionState, TokenRequest } from '@millrace/client';
import { PROTOCOL_VERSION } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, startTyping, typing, withdrawAccess, writeNote } from '../apps/notes/contracts.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { RawSession } from './support/raw-session.js';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set({
    leewaySeconds: 0,
    options: { session: { allowedOrigins: ['https://notes.test'], refreshLeadMs: 1_000 } },
  });
});
afterAll(() => stage.clear());

const subscribe = (client: Client, name: string): JournalKeeper =>
  new JournalKeeper(name, client.subscribe(board, { name }));

function statesOf(client: Client): ConnectionState[] {
  const states: ConnectionState[] = [];
  client.onState((state) => states.push(state));
  return states;
}

describe('policies and guards', () => {
  it('let in whom they know, and nobody else', async () => {
    const insider = subscribe(stage.client('ada', { claims: { boards: ['private-red'] } }), 'private-red');
    const outsider = subscribe(stage.client('bob'), 'private-red');
    await until('both are answered', () => insider.subscription.state === 'subscribed' && outsider.errors.length > 0);
    expect(outsider.errors).toEqual(['FORBIDDEN']);
    expect(outsider.subscription.state).toBe('unsubscribed');

    await stage.client('cy').send(writeNote, { board: 'private-red', text: 'secret' });
    await until('the insider has it', () => insider.events.length === 1);
    expect(outsider.events).toEqual([]);
    await expect(stage.client('bob').history(board, { name: 'private-red' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('refuse a command, and its handler does nothing', async () => {
    const refused = stage.client('bob').send(withdrawAccess, { subject: 'ada', board: 'red' });
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN', outcome: 'not-applied' });
  });

  it('take access back within a second: nothing comes any more, and no resume', async () => {
    const client = stage.client('eve');
    const [withdrawn, kept] = [subscribe(client, 'withdrawn'), subscribe(client, 'kept')];
    const witness = subscribe(stage.client('fay'), 'withdrawn');
    const all = [withdrawn, kept, witness];
    await until('all watch', () => all.every(({ subscription }) => subscription.state === 'subscribed'));
    const writer = stage.client('gil');
    await writer.send(writeNote, { board: 'withdrawn', text: 'before' });
    await until('both have it', () => withdrawn.events.length === 1 && witness.events.length === 1);
    const position = withdrawn.subscription.position;

    const moderator = stage.client('mod', { claims: { role: 'moderator' } });
    const [, toldMs] = await Promise.all([
      moderator.send(withdrawAccess, { subject: 'eve', board: 'withdrawn' }),
      until('eve is told', () => withdrawn.errors.includes('FORBIDDEN'), 1_000),
    ]);
    console.log('revocation: told after', Math.round(toldMs), 'ms');
    await writer.send(writeNote, { board: 'withdrawn', text: 'after' });
    await writer.send(writeNote, { board: 'kept', text: 'after' });
    // What is sent to all comes in order, so the later one shows that the earlier one did not come.
    await until('the others have it', () => witness.events.length === 2 && kept.events.length === 1);
    expect(withdrawn.events).toHaveLength(1);

    const again = new JournalKeeper('eve', client.subscribe(board, { name: 'withdrawn' }, { since: position ?? '' }));
    await until('the resume is refused', () => again.errors.length > 0);
    expect(again.errors).toEqual(['FORBIDDEN']);
    expect(again.events).toEqual([]);
  });
});

describe('a session that does not obey', () => {
  it('gets nothing more once its access is withdrawn, and cannot subscribe again', async () => {
    const raw = await RawSession.open(stage.node.url, RawSession.auth(await signToken(stage.secret, 'hal')));
    const subscribeFrame = { items: [{ channel: 'board.raw', sid: 1 }] };
    expect(await raw.ask('subscribe', subscribeFrame)).toMatchObject({ ok: true, items: [{ outcome: 'fresh' }] });
    const witness = subscribe(stage.client('fay'), 'raw');
    await until('fay watches too', () => witness.subscription.state === 'subscribed');
    const writer = stage.client('gil');
    const events = (): unknown[] => raw.frames.filter(({ name }) => name === 'events');
    await writer.send(writeNote, { board: 'raw', text: 'before' });
    await until('hal has it', () => events().length === 1);
    const moderator = stage.client('mod', { claims: { role: 'moderator' } });
    await moderator.send(withdrawAccess, { subject: 'hal', board: 'raw' });
    const isTold = (): boolean => raw.frames.some(({ body }) => (body as { kind?: string }).kind === 'revoked');
    await until('hal is told', isTold, 1_000);
    await writer.send(writeNote, { board: 'raw', text: 'after' });
    await until('fay has it', () => witness.events.length === 2);
    const answer = await raw.ask('subscribe', subscribeFrame);
    expect(answer).toMatchObject({ items: [{ outcome: 'refused', error: { code: 'FORBIDDEN' } }] });
    expect(events()).toHaveLength(1);
    expect(raw.frames.filter(({ name }) => name === 'control')).toMatchObject([
      { body: { kind: 'welcome' } },
      { body: { kind: 'revoked', channel: 'board.raw', error: { code: 'FORBIDDEN' } } },
    ]);
    raw.close();
  });
});

describe('tokens', () => {
  it('are refreshed without a new connection', async () => {
    const reasons: TokenRequest['reason'][] = [];
    const client = stage.client('ada', {
      token: ({ reason }) => {
        reasons.push(reason);
        return signToken(stage.secret, 'ada', { expiresInSeconds: 3 });
      },
    });
    const states = statesOf(client);
    client.connect();
    await until('two refreshes', () => reasons.filter((reason) => reason === 'refresh').length >= 2);
    await client.send(writeNote, { board: 'red', text: 'fresh' });
    expect(reasons[0]).toBe('connect');
    expect(states.filter(({ kind }) => kind === 'connected')).toHaveLength(1);
    client.close();
  });

  it('that are not refreshed end the session, and the SDK asks for another', async () => {
    const reasons: TokenRequest['reason'][] = [];
    const client = stage.client('ada', {
      token: ({ reason }) => {
        reasons.push(reason);
        if (reason === 'refresh') throw new Error('The sign-in is away');
        return signToken(stage.secret, 'ada', { expiresInSeconds: 2 });
      },
    });
    const states = statesOf(client);
    const keeper = subscribe(client, 'expiry');
    await until('the second session', () => states.filter(({ kind }) => kind === 'connected').length === 2);
    const again = states.filter(({ kind }) => kind !== 'connected').at(-1);
    expect(again).toMatchObject({ kind: 'connecting', refusals: 1 });
    expect(reasons).toContain('refresh');
    expect(reasons.filter((reason) => reason !== 'refresh')).toEqual(['connect', 'refused']);
    await stage.client('gil').send(writeNote, { board: 'expiry', text: 'on' });
    await until('it goes on', () => keeper.events.length === 1);
    const ended = (await stage.node.metrics()).get('realtime_session_ended_total{reason="token"}');
    expect(ended).toBeGreaterThanOrEqual(1);
    client.close();
  });

  it.each([
    [
      'of somebody else’s key',
      () => signToken('another secret of at least 32 bytes', 'ada'),
      { code: 'UNAUTHENTICATED', reason: 'signature' },
    ],
    ['that have expired', () => signToken(stage.secret, 'ada', { expiresInSeconds: -1 }), { code: 'TOKEN_EXPIRED' }],
    ['that are none', () => 'nonsense', { code: 'UNAUTHENTICATED', reason: 'malformed' }],
  ])('%s are refused, and not asked for without end', async (_what, token, error) => {
    let asked = 0;
    const client = stage.client('ada', {
      refusalPatienceMs: 1,
      token: () => {
        asked++;
        return token();
      },
    });
    client.connect();
    await until('it gives up', () => client.state.kind === 'needs-auth');
    expect(client.state).toMatchObject({ error });
    expect(asked).toBe(5);
  });
});

describe('the handshake', () => {
  const connect = async (auth: object, headers: Record<string, string> = {}): Promise<unknown> => {
    try {
      const session = await RawSession.open(stage.node.url, auth, headers);
      session.close();
      return 'connected';
    } catch (error) {
      return (error as { data?: { code?: string } }).data?.code;
    }
  };
  const auth = async (protocol?: number): Promise<object> =>
    RawSession.auth(await signToken(stage.secret, 'ada'), protocol);

  it('takes known origins and programs without one, and refuses other pages', async () => {
    expect(await connect(await auth())).toBe('connected');
    expect(await connect(await auth(), { origin: 'https://notes.test' })).toBe('connected');
    const before = await stage.node.metrics();
    expect(await connect(await auth(), { origin: 'https://evil.test' })).toBeUndefined();
    const after = await stage.node.metrics();
    const refused = 'realtime_session_refused_total{reason="origin"}';
    expect((after.get(refused) ?? 0) - (before.get(refused) ?? 0)).toBe(1);
  });

  it('refuses another version of the protocol', async () => {
    expect(await connect(await auth(PROTOCOL_VERSION + 1))).toBe('PROTOCOL_UNSUPPORTED');
    expect(await connect({})).toBe('PROTOCOL_UNSUPPORTED');
  });
});

describe('a live channel', () => {
  it('brings what is said now to those who are there, and keeps nothing', async () => {
    const heard: string[] = [];
    const subscription = stage.client('ada').subscribe(typing, { name: 'red' });
    subscription.on('typing.started', ({ author }) => heard.push(author));
    const writer = stage.client('bob');
    await until('ada is there', () => subscription.state === 'subscribed');
    await writer.send(startTyping, { board: 'red' });
    await until('ada heard it', () => heard.length === 1);
    expect(heard).toEqual(['bob']);
    await expect(writer.history(typing, { name: 'red' })).rejects.toMatchObject({ code: 'NOT_DURABLE' });
  });
});
