import { Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { channelNamed } from '../../hub/testing/hub-bench.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import { roomMessagesLost } from '../session.metrics.js';
import { RemoteLive } from './remote-live.js';

afterEach(() => vi.restoreAllMocks());

it('says once that live events of a process without Redis reach nobody, and counts them all', () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const recorder = new MemoryRecorder();
  const live = new RemoteLive(recorder);
  for (let count = 0; count < 3; count++) {
    live.live(channelNamed('typing.red'), { id: 'a', type: 'typed', data: '1', time: 0 });
  }
  expect(recorder.valueOf(roomMessagesLost)).toBe(3);
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]?.[0]).toContain('needs `redis`');
});
