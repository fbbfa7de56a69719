import {
  defineChannel,
  encodePosition,
  event,
  type Epoch,
  type Offset,
  type SubscribeAnswer,
} from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settled } from '../../core/testing/fake-clock.js';
import { channelNamed } from '../../hub/testing/hub-bench.js';
import { resumesUnrecoverable } from '../channel.metrics.js';
import { ChannelBench } from '../testing/channel-bench.js';
import type { FakeSession } from '../testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const board = defineChannel('board.:name', { delivery: 'durable', events: { noted: event<number>() } });
const [sfo, lax, red] = [channelNamed('desk.SFO'), channelNamed('desk.LAX'), channelNamed('board.red')];

/** `desk` has a history that nobody may read, `board` has none of its own. */
describe('what a resume hands out', () => {
  let stage: ChannelBench;
  let session: FakeSession;
  let mayRead: boolean;
  let asked: number;

  beforeEach(async () => {
    mayRead = false;
    asked = 0;
    stage = new ChannelBench({ hub: { recentMaxBytes: 0 } });
    const history = (): boolean => (asked++, mayRead);
    stage.policy(desk, { subscribe: () => stage.policyAnswer(), history });
    stage.policy(board, { subscribe: () => stage.policyAnswer() });
    stage.access = { epoch: 'epoch1' as Epoch, offset: 0 as Offset };
    session = stage.session();
    await stage.bench.hub.start();
    await stage.withdrawals.start();
    await stage.bench.clock.advance(1_000);
  });
  afterEach(async () => {
    await stage.withdrawals.stop();
    await stage.bench.hub.stop();
  });

  const at = (offset: number, channel = sfo): string => {
    const { id = '', time = 0 } = stage.bench.store.eventsOf(channel)[offset - 1] ?? {};
    return encodePosition({ epoch: 'epoch1' as Epoch, offset: offset as Offset, id, time });
  };
  const grantIn = (answer: SubscribeAnswer): string => {
    if (!('grant' in answer) || answer.grant === undefined) throw new Error(`There is no grant in ${answer.outcome}`);
    return answer.grant;
  };
  /** The next events come later than what was before. */
  const publish = async (count: number, channel = sfo): Promise<void> => {
    await stage.bench.clock.advance(10);
    stage.bench.publish(channel, count);
    await settled();
  };
  const offsets = (answer: SubscribeAnswer): number[] =>
    'events' in answer ? answer.events.map(({ offset }) => offset) : [];
  /** Somebody comes back on a new connection. */
  const back = (id: string, subject?: string): FakeSession => stage.session(id, subject);

  const nothing = (reason: string) => ({ outcome: 'unrecoverable', reason, events: [], position: at(8) });

  it('is what came behind a position that was given, without a question about the history', async () => {
    await publish(5);
    const grant = grantIn(await stage.subscribe(session, sfo));
    await publish(3);
    for (const since of [5, 6, 7]) {
      const answer = await stage.subscribe(back(`s${since}`), sfo, at(since), grant);
      expect([answer.outcome, offsets(answer)]).toEqual(['recovered', [6, 7, 8].slice(since - 5)]);
    }
    expect(asked).toBe(0);
  });

  it('is the same where the grant comes within the position', async () => {
    await publish(5);
    const grant = grantIn(await stage.subscribe(session, sfo));
    await publish(3);
    expect(await stage.subscribe(back('s2'), sfo, `${at(6)}.${grant}`)).toMatchObject({ outcome: 'recovered' });
  });

  it('goes on from page to page, and from one connection to the next', async () => {
    await publish(1);
    let grant = grantIn(await stage.subscribe(session, sfo));
    await publish(7);
    let since = at(1);
    const seen: number[] = [];
    for (const id of ['s2', 's3', 's4', 's5']) {
      const frame = { items: [{ channel: sfo, sid: 1, since, grant }], maxBytes: 1 };
      const { items } = await stage.frame(back(id), frame);
      const [answer] = items;
      if (!answer || !('position' in answer)) throw new Error('There is no page');
      seen.push(...offsets(answer));
      [since, grant] = [answer.position, grantIn(answer)];
    }
    expect([seen, asked]).toEqual([[2, 3, 4, 5], 0]);
  });

  it.each([
    ['typed by hand', () => 'epoch1.0..0', () => undefined],
    ['typed by hand, with a time', () => 'epoch1.0..9999999', () => undefined],
    ['of a real event that was never given', () => at(3), () => undefined],
    ['of before the subscription, with its grant', () => at(3), (grant: string) => grant],
    ['given, without its grant', () => at(6), () => undefined],
    ['given, with half a grant', () => at(6), (grant: string) => grant.slice(0, -4)],
    ['given, with a grant that says more', () => at(3), (grant: string) => grant.replace(/^5~/, '0~')],
  ])('is nothing for a position %s, when the policy says no to the history', async (_what, since, grantOf) => {
    await publish(5);
    const grant = grantOf(grantIn(await stage.subscribe(session, sfo)));
    await publish(3);
    expect(await stage.subscribe(back('s2'), sfo, since(), grant)).toMatchObject(nothing('unproven'));
    expect(asked).toBe(1);
    expect(stage.recorder.valueOf(resumesUnrecoverable, { reason: 'unproven' })).toBe(1);
    mayRead = true;
    const answer = await stage.subscribe(back('s3'), sfo, since(), grant);
    expect([answer.outcome, offsets(answer).at(-1)]).toEqual(['recovered', 8]);
  });

  it('is nothing for the grant of another subject, channel or installation', async () => {
    await publish(5);
    await publish(5, lax);
    const [own, theirs] = [stage.session('s2', 'bob'), stage.session('s3', 'bob')];
    const bobs = grantIn(await stage.subscribe(own, sfo));
    const ofLax = grantIn(await stage.subscribe(session, lax));
    await publish(3);
    await publish(3, lax);
    for (const grant of [bobs, ofLax]) {
      expect(await stage.subscribe(back(`s-${grant}`), sfo, at(6), grant)).toMatchObject(nothing('unproven'));
    }
    expect(await stage.subscribe(theirs, sfo, at(6), bobs)).toMatchObject({ outcome: 'recovered' });
    stage.keys.rotate();
    expect(await stage.subscribe(back('s4', 'bob'), sfo, at(6), bobs)).toMatchObject({ outcome: 'recovered' });
    stage.keys.forgetFormer();
    expect(await stage.subscribe(back('s5', 'bob'), sfo, at(6), bobs)).toMatchObject(nothing('unproven'));
  });

  it('is nothing for a position whose owner the policy no longer lets in', async () => {
    await publish(5);
    const grant = grantIn(await stage.subscribe(session, sfo));
    stage.answerPolicy(false);
    expect(await stage.subscribe(back('s2'), sfo, at(5), grant)).toMatchObject({ outcome: 'refused' });
  });

  describe.each([
    ['with its grant', true, sfo],
    ['without one, although the history is open', false, red],
    ['with its grant, although the history is open', true, red],
  ])('after a withdrawal, for a position of before %s', (_what, isGranted, channel) => {
    let since: string;
    let grant: string | undefined;
    beforeEach(async () => {
      await publish(5, channel);
      const answer = await stage.subscribe(session, channel);
      grant = isGranted ? grantIn(answer) : undefined;
      since = at(5, channel);
    });

    it.each([
      ['of the subscription', { subject: 'ann', channel }],
      ['of the subject', { subject: 'ann' }],
      ['of the channel', { channel }],
      ['of nobody by name', {}],
    ])('is nothing, when it was one %s and the right was given back', async (_kind, revocation) => {
      await stage.bench.clock.advance(10);
      stage.answerPolicy(false);
      stage.withdraw(revocation);
      await publish(1, channel);
      stage.answerPolicy(true);
      await publish(2, channel);
      mayRead = true;
      const answer = await stage.subscribe(back('s2'), channel, since, grant);
      expect(answer).toMatchObject({ ...nothing('withdrawn'), position: at(8, channel) });
      const renewed = grantIn(answer);
      await publish(1, channel);
      const next = await stage.subscribe(back('s3'), channel, at(8, channel), renewed);
      expect([next.outcome, offsets(next)]).toEqual(['recovered', [9]]);
      const again = await stage.subscribe(back('s4'), channel, since, renewed);
      expect(again).toMatchObject({ outcome: 'unrecoverable', reason: 'withdrawn' });
    });

    it('is all of it, when it was the withdrawal of another', async () => {
      await stage.bench.clock.advance(10);
      stage.withdraw({ subject: 'bob' });
      stage.withdraw({ channel: lax });
      stage.withdraw({ subject: 'ann', channel: lax });
      await publish(3, channel);
      expect(offsets(await stage.subscribe(back('s2'), channel, since, grant))).toEqual([6, 7, 8]);
    });

    it('is no loss, when nothing was published meanwhile', async () => {
      await stage.bench.clock.advance(10);
      stage.withdraw({ subject: 'ann' });
      const answer = await stage.subscribe(back('s2'), channel, since, grant);
      expect([answer.outcome, offsets(answer)]).toEqual(['recovered', []]);
      await publish(1, channel);
      const next = await stage.subscribe(back('s3'), channel, since, grantIn(answer));
      expect([next.outcome, offsets(next)]).toEqual(['recovered', [6]]);
    });
  });

  it('is what came after the right was given back, also to who knows no grants', async () => {
    await publish(5, red);
    await stage.bench.clock.advance(10);
    stage.withdraw({ subject: 'ann' });
    await publish(3, red);
    expect(offsets(await stage.subscribe(session, red, at(6, red)))).toEqual([7, 8]);
  });

  it('is withheld when the withdrawal is carried out while the log is read', async () => {
    await publish(5, red);
    const grant = grantIn(await stage.subscribe(session, red));
    await publish(1, red);
    stage.bench.store.hold();
    const answer = stage.subscribe(back('s2'), red, at(5, red), grant);
    await settled();
    stage.withdraw({ subject: 'ann' });
    stage.bench.store.release();
    expect(await answer).toMatchObject({ outcome: 'unrecoverable', reason: 'withdrawn', events: [] });
  });

  it('waits while withdrawals are missing that the node has to read', async () => {
    await publish(5, red);
    const grant = grantIn(await stage.subscribe(session, red));
    stage.withdrawals.missed();
    const busy = { outcome: 'refused', error: { code: 'BUSY' } };
    expect(await stage.subscribe(back('s2'), red, at(5, red), grant)).toMatchObject(busy);
    expect(await stage.subscribe(back('s3'), red)).toMatchObject({ outcome: 'fresh' });
    await stage.bench.clock.advance(250);
    expect(await stage.subscribe(back('s2'), red, at(5, red), grant)).toMatchObject({ outcome: 'recovered' });
  });

  it('costs no look into the log for who brings a grant', async () => {
    await publish(5);
    const grant = grantIn(await stage.subscribe(session, sfo));
    const { reads, heads } = stage.bench.store;
    for (let index = 0; index < 50; index++) await stage.subscribe(back(`r${index}`), sfo, at(5), grant);
    expect([stage.bench.store.reads - reads, stage.bench.store.heads - heads, asked]).toEqual([0, 0, 0]);
  });

  describe('to who is connected when a withdrawal is carried out that the policy does not confirm', () => {
    let grant: string;
    beforeEach(async () => {
      await publish(5, red);
      grant = grantIn(await stage.subscribe(session, red));
      await stage.bench.clock.advance(10);
    });

    it('is what is published from then on, without a loss', async () => {
      stage.withdraw({ subject: 'ann' });
      await settled();
      expect(session.told).toMatchObject([{ kind: 'lagging', channels: [red] }]);
      await publish(2, red);
      const answer = await stage.subscribe(session, red, at(5, red), grant);
      expect([answer.outcome, offsets(answer)]).toEqual(['recovered', [6, 7]]);
      await publish(1, red);
      expect(offsets(await stage.subscribe(back('s2'), red, at(7, red), grantIn(answer)))).toEqual([8]);
    });

    it('is nothing of what was published before a policy that failed says so', async () => {
      stage.failPolicy();
      stage.withdraw({ subject: 'ann' });
      await settled();
      expect(session.told).toMatchObject([{ kind: 'lagging', channels: [red] }]);
      await publish(1, red);
      const answer = await stage.subscribe(session, red, at(5, red), grant);
      expect(answer).toMatchObject({ outcome: 'unrecoverable', reason: 'withdrawn', position: at(6, red) });
    });

    it('is nothing of what was published before the policy said so, even if the node has not taken it yet', async () => {
      stage.holdPolicy();
      stage.withdraw({ subject: 'ann' });
      stage.bench.store.append(red);
      stage.releasePolicy();
      await settled();
      expect(session.told).toMatchObject([{ kind: 'lagging', channels: [red] }]);
      const asking = stage.subscribe(session, red, at(5, red), grant);
      await stage.bench.clock.advance(1_000);
      expect(await asking).toMatchObject({ outcome: 'unrecoverable', reason: 'withdrawn', position: at(6, red) });
      expect(session.offsets).toEqual([]);
    });
  });

  it.each([
    ['with a position', true],
    ['without one', false],
  ])('begins behind all that the log had when the right was given back, %s', async (_what, hasPosition) => {
    await publish(5, red);
    await stage.subscribe(session, red);
    stage.answerPolicy(false);
    stage.withdraw({ subject: 'ann' });
    await settled();
    // Of a node whose broker is slow: the log has it, the hub does not.
    stage.bench.store.append(red, 2);
    stage.answerPolicy(true);
    const next = back('s2');
    const asking = stage.subscribe(next, red, hasPosition ? at(5, red) : undefined);
    await stage.bench.clock.advance(1_000);
    expect(await asking).toMatchObject({ outcome: hasPosition ? 'unrecoverable' : 'fresh', position: at(7, red) });
    await publish(1, red);
    expect(next.offsets).toEqual([8]);
  });

  it('is put off when the node cannot come to where the log ended', async () => {
    await publish(5, red);
    await stage.bench.hub.attach(red);
    stage.withdraw({ subject: 'ann' });
    stage.bench.store.append(red, 2);
    const asking = stage.subscribe(back('s2'), red);
    await settled();
    stage.bench.store.failing = true;
    await stage.bench.clock.advance(60_000);
    expect(await asking).toMatchObject({ outcome: 'refused', error: { code: 'BUSY' } });
  });

  it('is as before a node follows withdrawals: the history is asked about', async () => {
    stage.access = undefined;
    await publish(5);
    expect(await stage.subscribe(session, sfo)).not.toHaveProperty('grant');
    expect(await stage.subscribe(session, sfo, at(3))).toMatchObject({ outcome: 'unrecoverable', reason: 'unproven' });
  });
});
