import { PROTOCOL_VERSION } from '@millrace/protocol';
import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { boundNamespaceRequests, type Connection } from './namespace-requests.js';
import { handshakesRefused } from '../session/session.metrics.js';
import { RawClient } from '../session/testing/raw-client.js';
import { SessionNode } from '../session/testing/session-node.js';

/** What a stranger sends, and how it ends. */
function scene() {
  const clock = new FakeClock();
  const ends: string[] = [];
  let send = (_data: unknown): void => {};
  const connection: Connection = {
    on: (_event, listener) => (send = listener),
    close: (discard) => void ends.push(discard === true ? 'discard' : 'close'),
    request: { socket: { destroy: () => void ends.push('destroy') } as never },
  };
  boundNamespaceRequests(connection, clock, () => ends.push('counted'));
  return { clock, ends, send: (data: unknown) => send(data) };
}

describe('requests for namespaces', () => {
  it('are bounded on one connection, and the rest is cut off once', () => {
    const { send, ends } = scene();
    for (let n = 0; n < 50; n++) send(`0/n${n},`);
    expect(ends).toEqual([]);
    for (let n = 0; n < 100; n++) send(`0/n${n},`);
    expect(ends).toEqual(['counted', 'discard', 'destroy']);
  });

  it('may go on for ever, one a second', async () => {
    const { send, ends, clock } = scene();
    for (let n = 0; n < 200; n++) {
      send('0/realtime,{}');
      await clock.advance(1_000);
    }
    expect(ends).toEqual([]);
  });

  it('are not what frames and attachments are', () => {
    const { send, ends } = scene();
    for (let n = 0; n < 500; n++) {
      send('2/realtime,0["command",{}]');
      send(Buffer.from('0/realtime,'));
    }
    expect(ends).toEqual([]);
  });

  it('end the connection of a stranger who reads no refusal, and of nobody else', async () => {
    const node = await SessionNode.start();
    const stranger = await RawClient.open(node.port);
    const client = await RawClient.open(node.port);
    try {
      stranger.pause();
      for (let n = 0; n < 60; n++) stranger.send(`40/${'x'.repeat(10_000)},`);
      client.send(`40/realtime,${JSON.stringify({ protocol: PROTOCOL_VERSION, token: 'ann' })}`);
      await client.until('"welcome"');
      await vi.waitFor(async () => expect(await node.connections()).toBe(1));
      expect(node.recorder.valueOf(handshakesRefused, { reason: 'rate' })).toBe(1);
    } finally {
      stranger.end();
      client.end();
      await node.stop();
    }
  });
});
