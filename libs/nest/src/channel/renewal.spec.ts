import { defineChannel, encodePosition, event, type Epoch, type Offset } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settled } from '../core/testing/fake-clock.js';
import { channelNamed } from '../hub/testing/hub-bench.js';
import { ChannelBench } from './testing/channel-bench.js';
import type { FakeSession } from './testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const typing = defineChannel('typing.:name', { delivery: 'live', events: { typed: event<number>() } });
const [sfo, lax, red] = [channelNamed('desk.SFO'), channelNamed('desk.LAX'), channelNamed('typing.red')];

interface Member {
  readonly airports: readonly string[];
}

describe('a fresh token for a session', () => {
  let stage: ChannelBench;
  let session: FakeSession;

  beforeEach(async () => {
    stage = new ChannelBench();
    const subscribe = async (who: unknown, { airport, name }: Record<string, string>): Promise<boolean> => {
      const { airports } = who as Member;
      await stage.policyAnswer();
      return airports.includes(airport ?? name ?? '');
    };
    stage.policy(desk, { subscribe });
    stage.policy(typing, { subscribe });
    session = stage.session();
    session.principal = { airports: ['SFO', 'LAX', 'red'] };
    await stage.bench.hub.start();
    for (const channel of [sfo, lax, red]) await stage.subscribe(session, channel);
  });
  afterEach(() => stage.bench.hub.stop());

  /** As the route does it. */
  const renew = (airports: readonly string[]): void => {
    const recheck = stage.authorizer.renewing(session);
    session.principal = { airports };
    recheck();
  };
  const position = (offset: number): string => {
    const { id = '', time = 0 } = stage.bench.store.eventsOf(sfo)[offset - 1] ?? {};
    return encodePosition({ epoch: 'epoch1' as Epoch, offset: offset as Offset, id, time });
  };

  it('with fewer rights ends what it does not allow, before any further event', async () => {
    stage.holdPolicy();
    renew(['LAX', 'red']);
    expect(session.rooms.size).toBe(0);
    stage.bench.publish(sfo);
    await settled();
    expect(session.offsets).toEqual([]);
    stage.releasePolicy();
    await settled();
    const error = { code: 'FORBIDDEN' };
    expect(session.told).toMatchObject([{ kind: 'revoked', channel: sfo, error }]);
    expect(stage.subscriptions.of(session).map(({ channel }) => channel)).toEqual([lax, red]);
    stage.bench.publish(sfo);
    await settled();
    expect(session.offsets).toEqual([]);
  });

  it('with the same rights leaves everything as it was', async () => {
    renew(['SFO', 'LAX', 'red']);
    await settled();
    expect(session.told).toEqual([]);
    stage.bench.publish(sfo, 2);
    await settled();
    expect(session.offsets).toEqual([1, 2]);
    expect(session.rooms.size).toBe(3);
  });

  it('lets events out that were taken before it, and fetches those that came while the policy was asked', async () => {
    stage.bench.publish(sfo, 2);
    stage.holdPolicy();
    renew(['SFO']);
    expect(session.offsets).toEqual([1, 2]);
    stage.bench.publish(sfo);
    await settled();
    stage.releasePolicy();
    await settled();
    expect(session.offsets).toEqual([1, 2]);
    expect(session.told.filter(({ kind }) => kind === 'lagging')).toMatchObject([{ channels: [sfo] }]);
    expect(await stage.subscribe(session, sfo, position(2))).toMatchObject({ events: [{ offset: 3 }] });
  });

  it('lets the client ask for itself when a policy fails', async () => {
    stage.failPolicy();
    renew(['SFO', 'LAX', 'red']);
    await settled();
    expect(session.told).toMatchObject([{ kind: 'lagging', channels: [sfo] }]);
    expect(session.rooms.size).toBe(2);
  });

  it('that comes while another one is asked about has the last word', async () => {
    stage.holdPolicy();
    renew(['SFO', 'LAX', 'red']);
    await settled();
    renew([]);
    stage.releasePolicy();
    await settled();
    expect(stage.subscriptions.of(session)).toEqual([]);
    expect(session.rooms.size).toBe(0);
  });

  it('voids the answer to a subscribe and to a page that are under way', async () => {
    stage.holdPolicy();
    const other = stage.session('s2');
    other.principal = session.principal;
    const page = stage.history(other, { channel: sfo, limit: 5 });
    const answer = stage.subscribe(other, lax);
    await settled();
    const recheck = stage.authorizer.renewing(other);
    other.principal = { airports: [] };
    recheck();
    stage.releasePolicy();
    expect(await answer).toMatchObject({ outcome: 'refused', error: { code: 'FORBIDDEN' } });
    await expect(page).rejects.toMatchObject({ wire: { code: 'FORBIDDEN' } });
    expect(other.rooms.size).toBe(0);
  });

  it('voids a page for who is far behind, which leaves no subscription to ask about', async () => {
    stage.bench.store.append(sfo, 5);
    const other = stage.session('s2');
    other.principal = session.principal;
    stage.holdPolicy();
    const frame = {
      items: [
        { channel: sfo, sid: 1, since: position(1) },
        { channel: lax, sid: 2 },
      ],
      maxBytes: 1,
    };
    const answer = stage.frame(other, frame);
    await settled();
    stage.authorizer.renewing(other)();
    other.principal = { airports: ['LAX'] };
    stage.releasePolicy();
    expect((await answer).items).toMatchObject([{ outcome: 'refused' }, { outcome: 'fresh' }]);
  });
});
