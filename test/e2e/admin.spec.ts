import { afterAll, beforeAll, expect, it } from 'vitest';
import { board, brewNote, writeNote } from '../apps/notes/contracts.js';
import { stagedEvents } from './support/event-log.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { adminKey, askAsOperator } from './support/operator.js';
import { RawSession } from './support/raw-session.js';
import { Stage } from './support/stage.js';
import { signToken, type TokenClaims } from './support/tokens.js';
import { until } from './support/until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set({ adminKey });
});
afterAll(() => stage.clear());

const ask = (path: string, method = 'GET', key = adminKey) =>
  askAsOperator(stage.node, `admin/realtime/${path}`, { method, key });

async function reader(subject: string): Promise<JournalKeeper> {
  const keeper = new JournalKeeper(subject, stage.client(subject).subscribe(board, { name: 'red' }));
  await until('it is subscribed', () => keeper.subscription.state === 'subscribed');
  return keeper;
}

it('lets nobody in without the guard’s consent', async () => {
  const paths = ['nodes', 'sessions', 'sessions/x', 'channels/board.red', 'outbox', 'outbox/dead-letters'];
  for (const path of paths) expect(await ask(path, 'GET', 'guessed')).toMatchObject({ status: 403 });
  const acts = [
    ['sessions/x', 'DELETE'],
    ['outbox/dead-letters/1/retry', 'POST'],
    ['outbox/dead-letters/1', 'DELETE'],
    ['subjects/ann/sessions', 'DELETE'],
    ['subjects/ann/block', 'PUT'],
    ['subjects/ann/block', 'DELETE'],
    ['subjects/ann/revoke-tokens', 'POST'],
    ['tokens/t/revoke', 'POST'],
    ['denials', 'GET'],
  ] as const;
  for (const [path, method] of acts) expect(await ask(path, method, 'guessed')).toMatchObject({ status: 403 });
});

it('shows the node, its sessions and a channel, and ends a session, whose client comes back', async () => {
  const ada = await reader('ada');
  const client = stage.client('bob');
  client.connect();
  await until('it is connected', () => client.state.kind === 'connected');
  await client.send(writeNote, { board: 'red', text: 'one' });

  expect(await ask('nodes')).toMatchObject({
    status: 200,
    body: {
      nodes: [
        {
          versions: { millrace: expect.stringMatching(/^\d+[.]/) as string, node: process.version },
          sessions: 2,
          subscriptions: 1,
          draining: false,
          redis: 'none',
        },
      ],
      complete: false,
    },
  });
  const { body } = await ask('sessions?subject=ada');
  const sessionsOfAda = body as { sessions: [{ id: string }] };
  const { sessions } = sessionsOfAda;
  expect(sessions).toEqual([
    expect.objectContaining({
      subject: 'ada',
      state: 'active',
      subscriptions: 1,
      address: expect.any(String) as string,
    }),
  ]);
  expect(JSON.stringify(body)).not.toContain('token');
  const [{ id }] = sessions;
  await until('the event is emitted', () => ada.events.length === 1);
  expect(await ask(`sessions/${id}`)).toMatchObject({
    body: { id, channels: [{ name: 'board.red', followedTo: 1 }], waitingBytes: 0, commandsInFlight: 0 },
  });
  const brewing = client.send(brewNote, { board: 'blue', text: 'slow', forMs: 500 });
  await until('the command runs', async () => {
    const bobs = (await ask('sessions?subject=bob')).body as typeof sessionsOfAda;
    const { body: bob } = await ask(`sessions/${bobs.sessions[0].id}`);
    return (bob as { commandsInFlight: number }).commandsInFlight === 1;
  });
  await brewing;
  expect(await ask(`sessions?after=${id}&subject=ada`)).toMatchObject({ body: { sessions: [] } });
  expect(await ask('channels/board.red')).toMatchObject({
    body: { name: 'board.red', head: 1, followedTo: 1, subscribers: 1, retentionMs: 604_800_000 },
  });

  const states: string[] = [];
  ada.subscription.on('state', (state) => states.push(state));
  expect(await ask(`sessions/${id}`, 'DELETE')).toEqual({ status: 204, body: undefined });
  await until('it is back', () => states.at(-1) === 'subscribed');
  expect(await ask(`sessions/${id}`)).toMatchObject({ status: 404 });
  await client.send(writeNote, { board: 'red', text: 'two' });
  await until('nothing is missed', () => ada.events.length === 2);
});

it('retries and drops dead letters, and subscribers get what is retried', async () => {
  const keeper = await reader('eve');
  const before = keeper.events.length;
  await stage.sql.query(`alter table millrace.event add constraint no_odd check (type <> 'odd.thing') not valid`);
  for (const n of [1, 2]) await stage.sql.query(`select millrace.publish('board.red', 'odd.thing', '{"n": ${n}}')`);
  await until('both are set aside', async () => {
    const { body } = await ask('outbox');
    return (body as { deadLetters: number }).deadLetters === 2;
  });
  const { body } = await ask('outbox/dead-letters?limit=1');
  const [first] = (body as { deadLetters: { seq: string; error: string }[] }).deadLetters;
  expect(first?.error).toContain('no_odd');
  const rest = await ask(`outbox/dead-letters?after=${first?.seq}`);
  const [second] = (rest.body as { deadLetters: { seq: string }[] }).deadLetters;

  await stage.sql.query('alter table millrace.event drop constraint no_odd');
  expect(await ask(`outbox/dead-letters/${second?.seq}`, 'DELETE')).toMatchObject({ status: 204 });
  expect(await ask(`outbox/dead-letters/${first?.seq}/retry`, 'POST')).toMatchObject({ status: 204 });
  expect(await ask(`outbox/dead-letters/${first?.seq}/retry`, 'POST')).toMatchObject({ status: 404 });
  const offset = before + 3;
  await until('it is numbered and emitted', () => keeper.offset === offset, 5_000);
  expect(await stagedEvents(stage.sql)).toBe(0);
  expect(await ask('outbox')).toEqual({ status: 200, body: { staged: 0, oldestAgeMs: 0, deadLetters: 0, events: [] } });
});

it.each([['sessions?limit=501'], ['channels/no%20channel'], ['outbox/dead-letters?after=-1']])(
  'refuses %s',
  async (path) => {
    expect(await ask(path)).toMatchObject({ status: 400 });
  },
);

it('ends a subject and its tokens on every node, and keeps them out, also of a node that starts later', async () => {
  const act = async (method: string, path: string, body?: object): Promise<void> => {
    const request = { method, ...(body && { body }) };
    expect(await askAsOperator(stage.node, `admin/realtime/${path}`, request)).toEqual({
      status: 204,
      body: undefined,
    });
  };
  const nodes = [stage.node, await stage.joinNode({ adminKey })];
  const seconds = Math.floor(Date.now() / 1_000);
  const open = async (node: { readonly url: string }, claims: TokenClaims = {}): Promise<RawSession> =>
    RawSession.open(node.url, RawSession.auth(await signToken(stage.secret, 'ivy', claims)));
  const openAll = (claims?: TokenClaims) => Promise.all(nodes.map((node) => open(node, claims)));
  const areTold = (sessions: readonly RawSession[], code: string): Promise<number> =>
    until(`all are told ${code}`, () =>
      sessions.every(({ frames }) => JSON.stringify(frames).includes(`"kind":"closing","error":{"code":"${code}"`)),
    );
  const areRefused = async (code: string, claims?: TokenClaims): Promise<void> => {
    for (const node of nodes) await expect(open(node, claims)).rejects.toMatchObject({ data: { code } });
  };
  const other = await RawSession.open(nodes[1]!.url, RawSession.auth(await signToken(stage.secret, 'jon')));

  let sessions = await openAll();
  await act('DELETE', 'subjects/ivy/sessions');
  await areTold(sessions, 'SESSION_REVOKED');

  sessions = await openAll({ jti: 't1', iat: seconds - 60 });
  const kept = await openAll({ jti: 't2', iat: seconds - 60 });
  await act('POST', 'tokens/t1/revoke', { expiresAt: Date.now() + 600_000 });
  await areTold(sessions, 'UNAUTHENTICATED');
  await areRefused('UNAUTHENTICATED', { jti: 't1', iat: seconds - 60 });
  expect(
    await kept[0]!.ask('authenticate', { token: await signToken(stage.secret, 'ivy', { jti: 't1' }) }),
  ).toMatchObject({
    ok: false,
    error: { code: 'UNAUTHENTICATED', reason: 'revoked' },
  });

  await act('POST', 'subjects/ivy/revoke-tokens', { issuedBefore: (seconds - 30) * 1_000 });
  await areTold(kept, 'UNAUTHENTICATED');
  await areRefused('UNAUTHENTICATED', { jti: 't2', iat: seconds - 60 });
  sessions = await openAll({ iat: seconds });

  await act('PUT', 'subjects/ivy/block');
  await areTold(sessions, 'SUBJECT_BLOCKED');
  nodes.push(await stage.joinNode({ adminKey }));
  await areRefused('SUBJECT_BLOCKED', { iat: seconds });
  expect((await ask('denials?limit=1')).body).toMatchObject({ denials: [{ kind: 'issued', key: 'ivy' }] });

  await act('DELETE', 'subjects/ivy/block');
  await until('every node lets it in', async () => {
    const back = await openAll({ iat: seconds });
    for (const one of back) one.close();
    return back.length === nodes.length;
  });
  expect(await ask(`subjects/${'x'.repeat(256)}/block`, 'PUT')).toMatchObject({ status: 400 });
  expect(await ask('tokens/t1/revoke', 'POST')).toMatchObject({ status: 400 });
  expect(JSON.stringify(other.frames)).not.toContain('closing');
  other.close();
});
