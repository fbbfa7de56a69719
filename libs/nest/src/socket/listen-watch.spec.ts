import { describe, expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { ListenWatch } from './listen-watch.js';

const inUse = Object.assign(new Error('listen EADDRINUSE: address already in use'), { syscall: 'listen' });

function scene() {
  const clock = new FakeClock();
  const http = { listening: false };
  const givenUp: unknown[] = [];
  return { clock, http, givenUp, watch: new ListenWatch(http, clock, (error) => givenUp.push(error)) };
}

describe('an HTTP server that could not listen', () => {
  it('is given up after three seconds, once, with the reason', async () => {
    const { clock, givenUp, watch } = scene();
    watch.failed(inUse);
    await clock.advance(2_999);
    expect(givenUp).toEqual([]);
    await clock.advance(10_000);
    expect(givenUp).toEqual([inUse]);
  });

  it('is not, when it listens by then, elsewhere or after more tries', async () => {
    const { clock, http, givenUp, watch } = scene();
    for (let tries = 0; tries < 5; tries++) {
      watch.failed(inUse);
      await clock.advance(2_000);
    }
    http.listening = true;
    await clock.advance(10_000);
    expect(givenUp).toEqual([]);
  });

  it('is not, when the application is closed meanwhile', async () => {
    const { clock, givenUp, watch } = scene();
    watch.failed(inUse);
    watch.stop();
    await clock.advance(10_000);
    expect(givenUp).toEqual([]);
  });

  it.each([[new Error('of something else')], [undefined], ['text'], [{ syscall: 'accept' }]])(
    'is not what any other error of it means: %s',
    async (error) => {
      const { clock, givenUp, watch } = scene();
      watch.failed(error);
      await clock.advance(10_000);
      expect(givenUp).toEqual([]);
    },
  );
});
