import { Logger } from '@nestjs/common';
import type { ChannelName, ControlFrame, EventsFrame } from '@millrace/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { accessChannelName, type Revocation } from './access-channel.js';
import { ChannelAccess } from './channel-access.js';
import { AccessRoom } from './access-room.js';

const desk = 'desk.SFO' as ChannelName;
const unused = { deny: vi.fn<() => Promise<never>>(), allow: vi.fn<() => Promise<never>>(), now: () => 0 };
let done: unknown[];
let room: AccessRoom;
let logged: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  done = [];
  logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const note =
    (what: string) =>
    (...given: unknown[]) =>
      void done.push([what, ...given]);
  room = new AccessRoom(
    { events: note('events'), live: note('live'), control: note('control'), size: () => 7 },
    { lagging: note('lagging') },
    { withdraw: (revocation: Revocation) => void done.push(revocation), askAnew: note('ask anew') },
    {
      withdrawals: { note: () => {}, missed: note('missed') },
      denials: { carryOut: note('denial'), missed: note('denials missed') },
    },
  );
});
afterEach(() => vi.restoreAllMocks());

const frame = (channel: ChannelName, ...data: readonly unknown[]): EventsFrame => ({
  channel,
  epoch: 'e',
  prev: 0,
  events: data.map((one, index) => ({
    offset: index + 1,
    id: `e${index}`,
    type: 'access.revoked',
    time: 0,
    data: JSON.stringify(one),
  })),
});

it('gives on what concerns other channels', () => {
  const control: ControlFrame = { kind: 'discontinuity', channel: desk, reason: 'epoch' };
  const live = { channel: desk, events: [] };
  room.events('r', frame(desk, 1));
  room.control('r', control);
  room.live('r', live);
  room.lagging(desk);
  expect(done).toEqual([
    ['events', 'r', frame(desk, 1)],
    ['control', 'r', control],
    ['live', 'r', live],
    ['lagging', desk],
  ]);
  expect(room.size('r')).toBe(7);
});

it('carries out withdrawals, in their order', () => {
  const all = [{ subject: 'ann' }, { channel: desk }, { subject: 'bob', channel: desk }];
  room.events('r', frame(accessChannelName, ...all));
  expect(done).toEqual(all);
});

const nobody = [
  null,
  'text',
  {},
  { subject: null, channel: null },
  { subject: 7 },
  { subject: '' },
  { subject: 'ann', channel: 7 },
  { subject: 'ann', channel: '' },
  { channel: 'no/channel' },
  { channel: 'board.*' },
  { channel: 'board.:name' },
];

it.each(nobody)('lets everybody ask anew when %j does not say whose access is withdrawn', (data) => {
  room.events('r', frame(accessChannelName, data, { subject: 'ann' }));
  expect(done).toEqual([['ask anew'], { subject: 'ann' }]);
  expect(logged).toHaveBeenCalledOnce();
});

it.each(nobody)('revoke() takes no %j for a withdrawal', async (revocation) => {
  const publish = vi.fn<() => Promise<never>>();
  await expect(new ChannelAccess({ publish }, unused).revoke(revocation as Revocation)).rejects.toBeInstanceOf(Error);
  expect(publish).not.toHaveBeenCalled();
});

it.each([
  [{ subject: 'ann', channel: 'no/channel' }, { code: 'CHANNEL_INVALID' }],
  [{ subject: 'a\0b' }, { code: 'EVENT_INVALID', detail: { details: [{ field: 'subject' }] } }],
  [{ subject: 7 }, { name: 'TypeError' }],
  [{}, { name: 'TypeError' }],
])('revoke() says of %j whether a text of a client is wrong or the call', async (revocation, error) => {
  const access = new ChannelAccess({ publish: vi.fn<() => Promise<never>>() }, unused);
  await expect(access.revoke(revocation as Revocation)).rejects.toMatchObject(error);
});

it.each(['', 'not json', '{', 'undefined'])('lets everybody ask again at %j, and carries out the next one', (data) => {
  const { events, ...rest } = frame(accessChannelName, {}, { subject: 'ann' });
  room.events('r', { ...rest, events: events.map((event, index) => (index === 0 ? { ...event, data } : event)) });
  expect(done).toEqual([['ask anew'], { subject: 'ann' }]);
  expect(logged).toHaveBeenCalledOnce();
});

it('does what is said many times in one frame once', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => [null, { subject: 'ann' }, { n: index }][index % 3]);
  room.events('r', frame(accessChannelName, ...many));
  expect(done).toEqual([['ask anew'], { subject: 'ann' }]);
  expect(logged).toHaveBeenCalledOnce();
});

it('takes what SQL leaves empty for left out', () => {
  room.events('r', frame(accessChannelName, { subject: 'ann', channel: null }, { subject: null, channel: desk }));
  expect(done).toEqual([{ subject: 'ann' }, { channel: desk }]);
});

it('lets everybody ask anew when it cannot be told whose access was withdrawn', () => {
  room.lagging(accessChannelName);
  room.control('r', { kind: 'discontinuity', channel: accessChannelName, reason: 'epoch' });
  expect(done).toEqual([['missed'], ['denials missed'], ['ask anew'], ['missed'], ['denials missed'], ['ask anew']]);
});

it('leaves what a newer version may say alone', () => {
  const { events, ...rest } = frame(accessChannelName, { subject: 'ann' });
  room.events('r', { ...rest, events: events.map((event) => ({ ...event, type: 'access.granted' })) });
  expect([done, logged.mock.calls]).toEqual([[], []]);
});

it('keeps out and lets in, before what stands behind it, and reads the table where it cannot tell who', () => {
  const { events, ...rest } = frame(
    accessChannelName,
    { kind: 'subject', key: 'ann', moment: 1 },
    { subject: 'bob' },
    1,
  );
  const [denied, revoked, broken] = events;
  room.events('r', {
    ...rest,
    events: [{ ...denied!, type: 'access.denied' }, revoked!, { ...broken!, type: 'access.allowed', data: '{' }],
  });
  expect(done).toEqual([
    ['denial', 'access.denied', { kind: 'subject', key: 'ann', moment: 1 }],
    ['denials missed'],
    { subject: 'bob' },
  ]);
});
