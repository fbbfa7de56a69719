import { setTimeout as sleep } from 'node:timers/promises';
import { ChannelAccess, MillraceModule } from '@millrace/nest';
import { channelName } from '@millrace/protocol';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, postNote, startTyping, typing, withdrawAccess, writeNote } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import { JournalKeeper } from './support/journal-keeper.js';
import type { NotesNode } from './support/notes-node.js';
import { RawSession } from './support/raw-session.js';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

interface Page {
  readonly outcome: string;
  readonly position: string;
  readonly grant: string;
  readonly events: readonly { readonly data: string }[];
}

const ways = [
  ['with Redis', () => ({ redis: { url: serviceAddress('REDIS_URL') } })],
  ['on PostgreSQL alone', () => ({})],
] as const;

describe.each(ways)('access is withdrawn on every node, %s', (_way, settings) => {
  let stage: Stage;
  let nodes: readonly NotesNode[];
  beforeAll(async () => {
    stage = await Stage.set(settings());
    nodes = [stage.node, await stage.joinNode()];
  });
  afterAll(() => stage.clear());

  /** `subject` on each of the nodes. */
  async function watch(subject: string, name: string): Promise<readonly JournalKeeper[]> {
    const keepers = nodes.map(
      ({ url }) => new JournalKeeper(subject, stage.client(subject, { url }).subscribe(board, { name })),
    );
    await until(`${subject} watches`, () => keepers.every(({ subscription }) => subscription.state === 'subscribed'));
    return keepers;
  }
  const areTold = (keepers: readonly JournalKeeper[]): Promise<number> =>
    until('all are told', () => keepers.every(({ errors }) => errors.includes('FORBIDDEN')), 1_000);
  /** So that the policies know. */
  const isWithdrawn = (subject: string, name: string): Promise<unknown> =>
    stage.sql.query('insert into withdrawal (subject, board) values ($1, $2)', [subject, name]);
  const bySql = ({ subject, channel }: { readonly subject?: string; readonly channel?: string }): Promise<unknown> =>
    stage.sql.query('select millrace.withdraw_access($1, $2)', [subject, channel]);
  /** As only the owner of the table can. */
  const byHand = (data: object): Promise<unknown> =>
    stage.sql.query(
      `insert into millrace.outbox (channel, type, data, cause) values ('_millrace.access', 'access.revoked', $1, '{}')`,
      [JSON.stringify(data)],
    );

  it('by a command, within a second', async () => {
    const withdrawn = await watch('eve', 'red');
    const kept = [...(await watch('eve', 'blue')), ...(await watch('fay', 'red'))];
    const writer = stage.client('gil', { url: nodes[1]!.url });
    const moderator = stage.client('mod', { claims: { role: 'moderator' } });
    const told = areTold(withdrawn);
    await moderator.send(withdrawAccess, { subject: 'eve', board: 'red' });
    console.log('withdrawn everywhere after', Math.round(await told), 'ms');
    for (const name of ['red', 'blue']) await writer.send(writeNote, { board: name, text: 'after' });
    await until('the others have it', () => kept.every(({ events }) => events.length === 1));
    expect(withdrawn.map(({ events, subscription }) => [events, subscription.state])).toEqual([
      [[], 'unsubscribed'],
      [[], 'unsubscribed'],
    ]);
    expect(kept.map(({ subscription }) => subscription.state)).toEqual(kept.map(() => 'subscribed'));
    const pages = nodes.map(({ url }) => stage.client('eve', { url }).history(board, { name: 'red' }));
    const refused = { status: 'rejected', reason: { code: 'FORBIDDEN' } };
    expect(await Promise.allSettled(pages)).toMatchObject([refused, refused]);
  });

  it('while clients come and go', async () => {
    const watchers = Array.from({ length: 20 }, (_, index) => {
      const client = stage.client(`w${index}`, { url: nodes[index % 2]!.url });
      return { client, keeper: new JournalKeeper(`w${index}`, client.subscribe(board, { name: 'storm' })) };
    });
    await until('all watch', () => watchers.every(({ keeper }) => keeper.subscription.state === 'subscribed'));
    const [writer, moderator] = [stage.client('gil'), stage.client('mod', { claims: { role: 'moderator' } })];
    const over = new AbortController();
    const moves = watchers.map(async ({ client }) => {
      while (!over.signal.aborted) {
        client.disconnect();
        client.connect();
        await sleep(Math.random() * 150);
      }
    });
    for (let index = 0; index < 10; index++) {
      await writer.send(writeNote, { board: 'storm', text: `before ${index}` });
      await moderator.send(withdrawAccess, { subject: `w${index}`, board: 'storm' });
    }
    await sleep(1_000);
    const markers = Array.from({ length: 10 }, (_, index) => `after ${index}`);
    for (const text of markers) await writer.send(writeNote, { board: 'storm', text });
    over.abort();
    await Promise.all(moves);
    const markersOf = ({ events }: JournalKeeper): string[] =>
      events.map(({ data }) => (JSON.parse(data) as { text: string }).text).filter((text) => text.startsWith('after'));
    const keepers = watchers.map(({ keeper }) => keeper);
    const kept = keepers.slice(10);
    await until('the others have it', () => kept.every((keeper) => markersOf(keeper).length >= markers.length));
    await until('those who reconnect are told', () => keepers.slice(0, 10).every(({ errors }) => errors.length > 0));
    expect(keepers.map(markersOf)).toEqual(keepers.map((_, index) => (index < 10 ? [] : markers)));
    expect(keepers.map(({ errors }) => errors)).toEqual(keepers.map((_, index) => (index < 10 ? ['FORBIDDEN'] : [])));
  });

  it('by SQL, if and only if its transaction commits', async () => {
    const [kept, withdrawn] = [await watch('hal', 'green'), await watch('ida', 'green')];
    const client = await stage.sql.connect();
    await client.query('begin');
    await client.query(`select millrace.withdraw_access('hal')`);
    await client.query('rollback');
    client.release();
    // Neither of these says whose; the one after them is carried out all the same.
    await byHand({ subject: 7 });
    await byHand({ channel: 'no/channel' });
    const told = areTold(withdrawn);
    await isWithdrawn('ida', 'green');
    await bySql({ subject: 'ida', channel: channelName(board, { name: 'green' }) });
    await told;
    expect(kept.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('and leaves those in whose right was given back before a node has carried it out', async () => {
    const back = await watch('jim', 'green');
    const asked = back.map(({ subscription }) => {
      const states: string[] = [];
      subscription.on('state', (state) => states.push(state));
      return states;
    });
    await bySql({ subject: 'jim' });
    // What is published while the policies are asked would be told as lost.
    await until('he was asked about', () => asked.every((states) => states.at(-1) === 'subscribed'));
    const writer = stage.client('gil', { url: nodes[1]!.url });
    for (let sent = 1; sent <= 3; sent++) {
      await writer.send(writeNote, { board: 'green', text: `back ${sent}` });
      await until('he has it', () => back.every(({ events }) => events.length === sent));
    }
    expect(back.flatMap(({ errors, discontinuities }) => [...errors, ...discontinuities])).toEqual([]);
  });

  it('and what was published meanwhile stays withheld when the right is given back', async () => {
    const last = nodes[1]!.url;
    const [writer, moderator] = [stage.client('gil'), stage.client('mod', { claims: { role: 'moderator' } })];
    const write = (text: string): Promise<unknown> => writer.send(postNote, { board: 'amber', text });
    const session = async (): Promise<RawSession> =>
      RawSession.open(last, RawSession.auth(await signToken(stage.secret, 'lou')));
    const subscribe = async (item: object) => {
      const raw = await session();
      const answer = await raw.ask('subscribe', { items: [{ channel: 'board.amber', sid: 1, ...item }] });
      raw.close();
      return (answer as { items: readonly [Page] }).items[0];
    };
    await write('one');
    const { position, grant } = await subscribe({});
    await write('two');
    let given = await subscribe({ since: position, grant });
    // What its node has not taken yet comes behind the answer.
    await until('he gets it', async () => {
      given = await subscribe({ since: position, grant });
      return given.events.length === 1;
    });
    expect(given.outcome).toBe('recovered');
    await moderator.send(withdrawAccess, { subject: 'lou', board: 'amber' });
    await write('secret');
    await stage.sql.query(`delete from withdrawal where subject = 'lou'`);
    const withheld = { outcome: 'unrecoverable', reason: 'withdrawn', events: [] };
    // Until its node knows, nothing has been published for it: the session would be asked about before it gets more.
    await until('its node knows', async () => {
      const { outcome, events } = await subscribe({ since: given.position, grant: given.grant });
      expect(events).toEqual([]);
      return outcome === withheld.outcome;
    });
    for (const from of [given.position, position, `${position.split('.')[0]}.0..0`]) {
      expect(await subscribe({ since: from })).toMatchObject(withheld);
      expect(await subscribe({ since: from, grant })).toMatchObject(withheld);
    }
    const fresh = await subscribe({ since: given.position, grant: given.grant });
    expect(fresh).toMatchObject(withheld);
    await write('again');
    const texts: string[] = [];
    await until('he gets what comes', async () => {
      const { events } = await subscribe({ since: fresh.position, grant: fresh.grant });
      texts.push(...events.map(({ data }) => (JSON.parse(data) as { text: string }).text));
      return texts.length > 0;
    });
    expect(texts).toEqual(['again']);
  });

  it('by a worker, from live channels too', async () => {
    const sessions = await Promise.all(
      nodes.map(async ({ url }) => {
        const subscription = stage.client('joe', { url }).subscribe(typing, { name: 'red' });
        const seen: unknown[] = [];
        subscription.on('error', ({ code }) => seen.push(code));
        subscription.on('typing.started', () => seen.push('typing'));
        await until('joe watches', () => subscription.state === 'subscribed');
        return { subscription, seen };
      }),
    );
    const worker = await NestFactory.createApplicationContext(
      MillraceModule.forPublisher({ postgres: { connectionString: stage.database.url }, ...settings() }),
      { logger: ['error'], abortOnError: false },
    );
    try {
      await isWithdrawn('joe', 'red');
      await expect(worker.get(ChannelAccess).revoke({})).rejects.toThrow(TypeError);
      await worker.get(ChannelAccess).revoke({ subject: 'joe' });
    } finally {
      await worker.close();
    }
    await until('all are told', () => sessions.every(({ seen }) => seen.length > 0), 1_000);
    await stage.client('gil').send(startTyping, { board: 'red' });
    await stage.client('gil').send(writeNote, { board: 'red', text: 'later' });
    expect(sessions.map(({ seen, subscription }) => [seen, subscription.state])).toEqual([
      [['FORBIDDEN'], 'unsubscribed'],
      [['FORBIDDEN'], 'unsubscribed'],
    ]);
  });

  it('and nobody can listen to that', async () => {
    const raw = await RawSession.open(stage.node.url, RawSession.auth(await signToken(stage.secret, 'kim')));
    const answer = await raw.ask('subscribe', { items: [{ channel: '_millrace.access', sid: 1 }] });
    expect(answer).toMatchObject({ items: [{ outcome: 'refused', error: { code: 'FORBIDDEN' } }] });
    expect(await raw.ask('history', { channel: '_millrace.access', limit: 1 })).toMatchObject({
      error: { code: 'FORBIDDEN' },
    });
    raw.close();
  });
});
