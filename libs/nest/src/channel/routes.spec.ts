import { defineChannel, event } from '@millrace/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { settled } from '../core/testing/fake-clock.js';
import { roomOf } from '../hub/room.js';
import { channelNamed } from '../hub/testing/hub-bench.js';
import type { Authorizer } from './authorizer.js';
import { subscribesAnswered } from './channel.metrics.js';
import { defaultChannelOptions } from './channel.options.js';
import { ChannelBench } from './testing/channel-bench.js';
import type { FakeSession } from './testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const typing = defineChannel('typing.:airport', { delivery: 'live', events: { typed: event<number>() } });
const sfo = channelNamed('desk.SFO');

let stage: ChannelBench;
let session: FakeSession;

function start(options?: ConstructorParameters<typeof ChannelBench>[0]): void {
  stage = new ChannelBench(options);
  stage.policy(desk, { subscribe: (_, { airport }) => airport !== 'JFK' && stage.policyAnswer() });
  stage.policy(typing, { subscribe: () => true });
  session = stage.session();
}
beforeEach(() => start());

describe('subscribe', () => {
  const item = { channel: sfo, sid: 1 };

  it.each([
    undefined,
    null,
    [],
    'x',
    {},
    { items: [] },
    { items: {} },
    { items: [null] },
    { items: [{ channel: 1, sid: 1 }] },
    { items: [{ channel: sfo }] },
    { items: [{ channel: sfo, sid: 0.5 }] },
    { items: [{ channel: sfo, sid: -1 }] },
    { items: [{ ...item, since: 7 }] },
    { items: Array.from({ length: 101 }, () => item) },
    { items: [item], maxBytes: 0 },
    { items: [item], maxBytes: 'all' },
  ])('refuses what is no frame (%#)', async (body) => {
    await expect(stage.frame(session, body)).rejects.toMatchObject({ code: 'FRAME_INVALID' });
    expect(stage.subscriptions.of(session)).toEqual([]);
  });

  it('answers every item on its own', async () => {
    const { items } = await stage.frame(session, {
      items: [
        { channel: 'desk.*', sid: 1 },
        { channel: sfo, sid: 2, since: 'nonsense' },
        { channel: 'desk.JFK', sid: 3 },
        { channel: 'gate.SFO', sid: 4 },
        { channel: sfo, sid: 5 },
        { channel: 'typing.SFO', sid: 6 },
      ],
    });
    expect(
      items.map((answer) => [answer.sid, answer.outcome === 'refused' ? answer.error.code : answer.outcome]),
    ).toEqual([
      [1, 'CHANNEL_INVALID'],
      [2, 'POSITION_INVALID'],
      [3, 'FORBIDDEN'],
      [4, 'FORBIDDEN'],
      [5, 'fresh'],
      [6, 'live'],
    ]);
    expect([...session.rooms].toSorted()).toEqual(['channel:desk.SFO', 'channel:typing.SFO']);
  });

  it('takes no more subscriptions of a session than it may have', async () => {
    start({ maxSubscriptions: 2 });
    const subscribe = (name: string): Promise<{ outcome: string }> => stage.subscribe(session, `desk.${name}`);
    expect([await subscribe('A'), await subscribe('B'), await subscribe('A')].map(({ outcome }) => outcome)).toEqual(
      Array(3).fill('fresh'),
    );
    expect(await subscribe('C')).toMatchObject({ error: { code: 'SUBSCRIPTION_LIMIT' } });
    await stage.unsubscribe(session, 'desk.A', 'desk.*', 'desk.Z');
    expect(await subscribe('C')).toMatchObject({ outcome: 'fresh' });
  });

  it('says busy beyond the bound on policy calls', async () => {
    start({ options: { policyConcurrency: 1, maxWaitingPolicyCalls: 1, busyRetryAfterMs: 40 } });
    stage.holdPolicy();
    const answers = ['s1', 's2', 's3'].map((id) => stage.subscribe(stage.session(id), sfo));
    expect(await answers[2]).toMatchObject({ error: { code: 'BUSY', retryAfterMs: 40 } });
    stage.releasePolicy();
    expect(await Promise.all(answers.slice(0, 2))).toMatchObject([{ outcome: 'fresh' }, { outcome: 'fresh' }]);
  });

  it('says busy to a session that waits for too many answers', async () => {
    start({ maxSubscriptions: 2 });
    stage.holdPolicy();
    const waiting = stage.frame(session, { items: [item, item] });
    await expect(stage.frame(session, { items: [item] })).rejects.toMatchObject({ code: 'BUSY' });
    expect(stage.recorder.valueOf(subscribesAnswered, { outcome: 'refused' })).toBe(1);
    stage.releasePolicy();
    await waiting;
    expect((await stage.frame(session, { items: [item] })).items).toMatchObject([{ outcome: 'fresh' }]);
  });

  it('gives up a policy that hangs', async () => {
    stage.holdPolicy();
    const answer = stage.subscribe(session, sfo);
    await stage.bench.clock.advance(5_000);
    expect(await answer).toMatchObject({ error: { code: 'BUSY' } });
    expect(stage.subscriptions.of(session)).toEqual([]);
  });

  it('does not ask about a session that left while it waited', async () => {
    start({ options: { policyConcurrency: 1 } });
    stage.holdPolicy();
    const first = stage.subscribe(stage.session('s0'), sfo);
    const second = stage.subscribe(session, sfo);
    stage.disconnect(session);
    stage.releasePolicy();
    expect(await second).toMatchObject({ error: { code: 'SESSION_ENDED' } });
    expect(await first).toMatchObject({ outcome: 'fresh' });
  });

  it('puts a session out of the rooms whose answer it does not get, until it asks again', async () => {
    const body = { items: [item, { channel: 'desk.*', sid: 2 }, { channel: 'desk.JFK', sid: 3 }] };
    await stage.frame(session, body);
    expect(session.rooms.size).toBe(1);
    stage.withhold(session, body);
    expect(session.rooms.size).toBe(0);
    expect(await stage.subscribe(session, sfo)).toMatchObject({ outcome: 'fresh' });
    expect(session.rooms.size).toBe(1);
    expect(stage.subscriptions.of(session)).toHaveLength(1);
  });

  it('shares the bytes of an answer among its items', async () => {
    start({ options: { pageMaxBytes: 1_000 } });
    const names = ['A', 'B'].map((name) => channelNamed(`desk.${name}`));
    for (const name of names) stage.bench.store.append(name, 20);
    const { items } = await stage.frame(session, {
      items: names.map((name, sid) => ({ channel: name, sid, since: `epoch1.0..0` })),
    });
    expect(items.map((answer) => 'events' in answer && answer.events.length)).toEqual([3, 3]);
  });

  it.each([
    ['fewer bytes than the bound', 400, 3],
    ['less than one event', 1, 1],
    ['more than the bound', 1_000_000, 7],
  ])('gives a client that asks for %s what it can take', async (_what, maxBytes, count) => {
    start({ options: { pageMaxBytes: 1_000 } });
    stage.bench.store.append(sfo, 20);
    const { items } = await stage.frame(session, { items: [{ channel: sfo, sid: 1, since: `epoch1.0..0` }], maxBytes });
    expect(items.map((answer) => 'events' in answer && answer.events.length)).toEqual([count]);
    const page = await stage.history(session, { channel: sfo, limit: 20, maxBytes });
    expect([page.outcome, page.events.length]).toEqual(['more', count]);
  });

  it.each([
    ['withdrawn', (authorizer: Authorizer) => authorizer.withdraw({ subject: 'ann', channel: sfo })],
    ['in doubt', (authorizer: Authorizer) => authorizer.askAnew()],
  ])('gives out no event of a channel whose access is %s while its neighbours are asked', async (_what, happens) => {
    const gate = defineChannel('gate.:airport', { delivery: 'durable', events: { noted: event<number>() } });
    let answerGate = (): void => {};
    stage.policy(gate, { subscribe: () => new Promise((resolve) => (answerGate = () => resolve(true))) });
    stage.bench.store.append(sfo, 2);
    const items = [
      { channel: sfo, sid: 1, since: 'epoch1.0..0' },
      { channel: 'gate.SFO', sid: 2 },
    ];
    const answers = stage.frame(session, { items });
    await settled();
    await settled();
    happens(stage.authorizer);
    answerGate();
    expect((await answers).items[0]).toMatchObject({ outcome: 'refused', error: { code: 'BUSY' } });
    expect(session.rooms).not.toContain(roomOf(sfo));
  });

  it('leaves what is more than a page to another frame, and the first item never', async () => {
    start({ options: { pageMaxBytes: 200 } });
    const names = ['A', 'B', 'C', 'D'].map((name) => channelNamed(`desk.${name}`));
    for (const name of names.slice(1)) stage.bench.store.append(name);
    const ask = async (...asked: number[]) => {
      const items = asked.map((sid) => ({ channel: names[sid]!, sid, since: 'epoch1.0..0' }));
      return (await stage.frame(session, { items })).items;
    };
    const busy = { outcome: 'refused', error: { code: 'BUSY', retry: 'backoff', retryAfterMs: 500 } };
    const recovered = { outcome: 'recovered' };
    expect(await ask(0, 1, 2, 3)).toMatchObject([recovered, recovered, busy, busy]);
    expect(session.rooms).toEqual(new Set(names.slice(0, 2).map(roomOf)));
    expect(await ask(2, 3)).toMatchObject([recovered, busy]);
    expect(await ask(3)).toMatchObject([recovered]);
    expect(session.rooms).toEqual(new Set(names.map(roomOf)));
    expect(stage.subscriptions.of(session)).toHaveLength(4);
  });
});

describe('unsubscribe', () => {
  it('leaves the room and may be repeated', async () => {
    await stage.subscribe(session, sfo);
    expect(await stage.unsubscribe(session, sfo)).toEqual({});
    expect(await stage.unsubscribe(session, sfo)).toEqual({});
    expect(session.rooms.size).toBe(0);
  });

  it('refuses a frame of another form', () => {
    expect(() => stage.unsubscribe(session, ...([1] as unknown as string[]))).toThrow(
      expect.objectContaining({ code: 'FRAME_INVALID' }),
    );
  });
});

describe('history', () => {
  it.each([
    {},
    { channel: sfo },
    { channel: sfo, limit: 0 },
    { channel: sfo, limit: 1_001 },
    { channel: sfo, limit: 1.5 },
    { channel: sfo, limit: 1, after: 3 },
    { channel: sfo, limit: 1, maxBytes: -1 },
  ])('refuses the frame %j', async (body) => {
    await expect(stage.history(session, body)).rejects.toMatchObject({ wire: { code: 'FRAME_INVALID' } });
  });

  it.each([
    ['CHANNEL_INVALID', { channel: 'desk.*', limit: 1 }],
    ['POSITION_INVALID', { channel: sfo, limit: 1, after: 'x' }],
    ['FORBIDDEN', { channel: 'desk.JFK', limit: 1 }],
    ['FORBIDDEN', { channel: 'gate.SFO', limit: 1 }],
    ['NOT_DURABLE', { channel: 'typing.SFO', limit: 1 }],
  ])('answers %s', async (code, body) => {
    await expect(stage.history(session, body)).rejects.toMatchObject({ wire: { code } });
  });

  it('pages from the first kept event to the head', async () => {
    stage.bench.store.append(sfo, 5);
    stage.bench.store.expire(sfo, 1);
    const first = await stage.history(session, { channel: sfo, limit: 3 });
    expect(first).toMatchObject({ outcome: 'more', events: [{ offset: 2 }, { offset: 3 }, { offset: 4 }] });
    const rest = await stage.history(session, { channel: sfo, limit: 3, after: first.position });
    expect(rest).toMatchObject({ outcome: 'complete', events: [{ offset: 5 }] });
    expect(await stage.history(session, { channel: sfo, limit: 3, after: 'epoch1.0..0' })).toMatchObject({
      outcome: 'unrecoverable',
      reason: 'expired',
      position: rest.position,
      events: [],
    });
  });

  it('asks the policy again when access was withdrawn while it read', async () => {
    stage.bench.store.hold();
    const page = stage.history(session, { channel: sfo, limit: 3 });
    await settled();
    stage.answerPolicy(false);
    stage.authorizer.withdraw({ subject: 'ann' });
    stage.bench.store.release();
    await expect(page).rejects.toMatchObject({ wire: { code: 'FORBIDDEN' } });
  });

  it('asks it again, when access was withdrawn while it was asked again', async () => {
    const asked: ((yes: boolean) => void)[] = [];
    stage.policy(defineChannel('gate.:airport', { delivery: 'durable', events: { noted: event<number>() } }), {
      subscribe: () => new Promise<boolean>((resolve) => asked.push(resolve)),
    });
    const answer = async (yes: boolean): Promise<void> => {
      asked.shift()?.(yes);
      await settled();
      await settled();
    };
    for (const last of [false, true]) {
      const page = stage.history(session, { channel: 'gate.SFO', limit: 3 }).catch((error: unknown) => error);
      await settled();
      for (const subject of ['bob', 'ann']) {
        stage.authorizer.withdraw({ subject });
        await answer(true);
      }
      await answer(last);
      expect(await page).toMatchObject(last ? { outcome: 'complete' } : { wire: { code: 'FORBIDDEN' } });
    }
  });

  it('is refused for now while anybody’s access is withdrawn again and again', async () => {
    stage.policy(defineChannel('gate.:airport', { delivery: 'durable', events: { noted: event<number>() } }), {
      subscribe: async () => {
        stage.authorizer.withdraw({ subject: 'bob' });
        return true;
      },
    });
    const page = stage.history(session, { channel: 'gate.SFO', limit: 3 });
    await expect(page).rejects.toMatchObject({ wire: { code: 'BUSY', retryAfterMs: 500 } });
  });

  it('asks the history method of a policy that has one', async () => {
    const audit = defineChannel('audit', { delivery: 'durable', events: {} });
    stage.policy(audit, { subscribe: () => true, history: () => false });
    expect(await stage.subscribe(session, 'audit')).toMatchObject({ outcome: 'fresh' });
    await expect(stage.history(session, { channel: 'audit', limit: 1 })).rejects.toMatchObject({
      wire: { code: 'FORBIDDEN' },
    });
  });
});

describe('a withdrawal', () => {
  it('takes matching sessions out of the room at once and tells them', async () => {
    const other = stage.session('s2');
    await stage.bench.hub.start();
    await stage.subscribe(session, sfo);
    await stage.subscribe(session, 'desk.OAK');
    await stage.subscribe(other, sfo);
    stage.authorizer.withdraw({ subject: 'bob' });
    stage.authorizer.withdraw({ subject: 'ann', channel: channelNamed('desk.JFK') });
    stage.authorizer.withdraw({ subject: 'bob', channel: sfo });
    expect([session.told, other.told]).toEqual([[], []]);
    stage.answerPolicy(false);
    stage.authorizer.withdraw({ channel: sfo });
    expect([...session.rooms]).toEqual(['channel:desk.OAK']);
    stage.bench.publish(sfo);
    await settled();
    expect(other.told).toMatchObject([{ kind: 'revoked', channel: sfo, error: { code: 'FORBIDDEN' } }]);
    expect(stage.bench.emittedOffsets).toEqual([1]);
    expect(session.offsets).toEqual([]);
    stage.authorizer.withdraw({ subject: 'ann' });
    expect(session.rooms.size).toBe(0);
    await settled();
    expect(stage.subscriptions.size).toBe(0);
  });

  it('lets those subscribe again whose right was given back before it was carried out', async () => {
    await stage.bench.hub.start();
    await stage.subscribe(session, sfo);
    stage.bench.publish(sfo);
    await settled();
    stage.authorizer.withdraw({ subject: 'ann' });
    expect(session.rooms.size).toBe(0);
    stage.bench.publish(sfo);
    await settled();
    expect(session.told).toMatchObject([{ kind: 'lagging', channels: [sfo], retryAfterMs: 0 }]);
    expect(session.offsets).toEqual([1]);
    const since = `epoch1.1.${stage.bench.store.eventsOf(sfo)[0]!.id}.0`;
    expect(await stage.subscribe(session, sfo, since)).toMatchObject({ outcome: 'recovered', events: [{ offset: 2 }] });
  });

  it.each([
    ['fails', () => Promise.reject(new Error('The database is away'))],
    ['cannot be asked', () => Promise.reject(new CodedError('BUSY'))],
    ['does not answer', () => new Promise<boolean>(() => {})],
  ])('leaves those who match undecided while their policy %s', async (_how, answer) => {
    let isIn = true;
    stage.policy(defineChannel('gate.:airport', { delivery: 'durable', events: { noted: event<number>() } }), {
      subscribe: () => (isIn ? true : answer()),
    });
    await stage.subscribe(session, 'gate.SFO');
    isIn = false;
    stage.authorizer.withdraw({ subject: 'ann' });
    expect(session.rooms.size).toBe(0);
    await stage.bench.clock.advance(defaultChannelOptions.policyTimeoutMs);
    expect(session.told).toMatchObject([{ kind: 'lagging', channels: ['gate.SFO'] }]);
    expect(stage.subscriptions.of(session)).toHaveLength(1);
  });

  it('asks about each once more when another one comes while it asks, and leaves a new subscribe to ask for itself', async () => {
    const asked: ((yes: boolean) => void)[] = [];
    stage.policy(defineChannel('gate.:airport', { delivery: 'durable', events: { noted: event<number>() } }), {
      subscribe: () => new Promise<boolean>((resolve) => asked.push(resolve)),
    });
    const answer = async (yes: boolean): Promise<void> => {
      asked.shift()?.(yes);
      await settled();
    };
    const subscribe = async () => {
      const answered = stage.subscribe(session, 'gate.SFO');
      await settled();
      return answered;
    };
    const first = stage.subscribe(session, 'gate.SFO');
    await settled();
    await answer(true);
    await first;
    stage.authorizer.withdraw({ subject: 'ann' });
    await settled();
    stage.authorizer.withdraw({ subject: 'ann' });
    await answer(true);
    expect([session.told, asked.length]).toEqual([[], 1]);
    const again = subscribe();
    await settled();
    await answer(false);
    expect(session.told).toEqual([]);
    await answer(true);
    expect(await again).toMatchObject({ outcome: 'fresh' });
    expect([...session.rooms]).toEqual(['channel:gate.SFO']);
  });
});

describe('the loss of withdrawals', () => {
  it('puts everybody out of all rooms until their policies have decided anew', async () => {
    await stage.subscribe(session, sfo);
    await stage.subscribe(session, 'typing.SFO');
    stage.authorizer.askAnew();
    expect(session.rooms.size).toBe(0);
    for (let again = 0; again < 1_000; again++) stage.authorizer.askAnew();
    await settled();
    stage.authorizer.askAnew();
    await settled();
    expect(session.told).toMatchObject([{ kind: 'lagging', channels: [sfo, 'typing.SFO'] }]);
    stage.answerPolicy(false);
    expect(await stage.subscribe(session, sfo)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect(await stage.subscribe(session, 'typing.SFO')).toMatchObject({ outcome: 'live' });
    expect([...session.rooms]).toEqual(['channel:typing.SFO']);
  });
});

describe('a session that reads too slowly', () => {
  it('leaves its rooms, stays subscribed, and comes back by subscribing again', async () => {
    await stage.bench.hub.start();
    await stage.subscribe(session, sfo);
    expect(stage.subscriptions.interrupt(session)).toEqual([sfo]);
    expect(session.rooms.size).toBe(0);
    stage.bench.publish(sfo, 2);
    expect(await stage.subscribe(session, sfo, 'epoch1.0..0')).toMatchObject({
      outcome: 'recovered',
      events: [{ offset: 1 }, { offset: 2 }],
    });
    expect(session.rooms.size).toBe(1);
  });
});
