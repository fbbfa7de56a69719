import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, event } from './index.js';
import { FakeLog, FakeServer } from './testing/index.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });

function scene() {
  const server = new FakeServer();
  const log = new FakeLog('desk.SFO');
  for (const n of [1, 2, 3]) log.publish('a.b', n);
  return { server, log, client: createClient(server.options) };
}

describe('history', () => {
  it('comes page by page', async () => {
    const { server, log, client } = scene();
    const first = client.history(desk, { airport: 'SFO' }, { limit: 2 });
    await server.settle();
    const request = server.expectHistory();
    expect(request.body).toEqual({ channel: 'desk.SFO', limit: 2, maxBytes: 65_536 });
    request.answer(log.history(request.body));
    const page = await first;
    expect(page).toMatchObject({ outcome: 'more', position: log.positionAt(2) });
    expect(page.events.map(({ type, data, meta }) => [type, data, meta.offset, meta.position])).toEqual([
      ['a.b', 1, 1, log.positionAt(1)],
      ['a.b', 2, 2, log.positionAt(2)],
    ]);

    const second = client.history(desk, { airport: 'SFO' }, { after: page.position });
    await server.settle();
    const next = server.expectHistory();
    expect(next.body).toEqual({ channel: 'desk.SFO', limit: 100, after: page.position, maxBytes: 65_536 });
    next.answer(log.history(next.body));
    expect(await second).toMatchObject({ outcome: 'complete', events: [{ data: 3 }], position: log.head });
  });

  it('says when events are lost', async () => {
    const { server, log, client } = scene();
    const after = log.positionAt(1);
    log.expire(2);
    const page = client.history(desk, { airport: 'SFO' }, { after });
    await server.settle();
    const request = server.expectHistory();
    request.answer(log.history(request.body));
    expect(await page).toMatchObject({ outcome: 'unrecoverable', reason: 'expired' });
  });

  it('fails when an event is not JSON', async () => {
    const { server, log, client } = scene();
    const page = client.history(desk, { airport: 'SFO' });
    await server.settle();
    const answer = log.history({ limit: 1 });
    server.expectHistory().answer({ ...answer, events: [{ ...answer.events[0], data: '{' }] });
    await expect(page).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  });

  it('is refused for a parameter that is none', async () => {
    await expect(scene().client.history(desk, { airport: 'S.F' })).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
  });
});
