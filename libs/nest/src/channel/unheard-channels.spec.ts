import { Logger } from '@nestjs/common';
import { defineChannel } from '@millrace/protocol';
import { afterEach, expect, it, vi } from 'vitest';
import { UnheardChannels } from './unheard-channels.js';

const heard = defineChannel('desk.:airport', { delivery: 'durable', events: {} });
const unheard = defineChannel('audit.:day', { delivery: 'durable', events: {} });

afterEach(() => vi.restoreAllMocks());

it('names a channel without a policy at its first event, and never again', () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const channels = new UnheardChannels({ has: (contract) => contract === heard });
  for (const contract of [heard, unheard, heard, unheard]) channels.published(contract);
  expect(warn.mock.calls.flat()).toEqual([expect.stringContaining('"audit.:day"')]);
});
