import type { ChannelName } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { longestRetention, retentionOf } from './retention.js';

const options = { retentionMs: 1_000, channelRetentionMs: { 'desk.SFO': 100, 'desk.:airport': 5_000 } };

it.each([
  ['desk.SFO', 100],
  ['desk.LAX', 5_000],
  ['desk', 1_000],
  ['other.LAX', 1_000],
])('keeps %s for the time of the first pattern that matches, or for that of all', (channel, expected) => {
  expect(retentionOf(channel as ChannelName, options)).toBe(expected);
});

it('keeps partitions for the longest of all', () => {
  expect(longestRetention(options)).toBe(5_000);
  expect(longestRetention({ retentionMs: 7, channelRetentionMs: {} })).toBe(7);
});
