import { setTimeout as sleep } from 'node:timers/promises';
import { ChannelAccess, MillraceModule } from '@millrace/nest';
import { channelName } from '@millrace/protocol';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, startTyping, typing, withdrawAccess, writeNote } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import { JournalKeeper } from './support/journal-keeper.js';
import type { NotesNode } from './support/notes-node.js';
import { RawSession } from './support/raw-session.js';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

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
  const bySql = (revocation: object): Promise<unknown> =>
    stage.sql.query(`select millrace.publish('_millrace.access', 'access.revoked', $1)`, [JSON.stringify(revocation)]);

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
        await sleep(Math.random() * 60);
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
    await client.query(`select millrace.publish('_millrace.access', 'access.revoked', '{"subject": "hal"}')`);
    await client.query('rollback');
    client.release();
    // Neither of these says whose; the one after them is carried out all the same.
    await bySql({ subject: 7 });
    await bySql({ channel: 'no/channel' });
    const told = areTold(withdrawn);
    await isWithdrawn('ida', 'green');
    await bySql({ subject: 'ida', channel: channelName(board, { name: 'green' }) });
    await told;
    expect(kept.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('and leaves those in whose right was given back before a node has carried it out', async () => {
    const back = await watch('jim', 'green');
    await bySql({ subject: 'jim' });
    const writer = stage.client('gil', { url: nodes[1]!.url });
    for (let sent = 1; sent <= 3; sent++) {
      await writer.send(writeNote, { board: 'green', text: `back ${sent}` });
      await until('he has it', () => back.every(({ events }) => events.length === sent));
    }
    expect(back.flatMap(({ errors, discontinuities }) => [...errors, ...discontinuities])).toEqual([]);
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
