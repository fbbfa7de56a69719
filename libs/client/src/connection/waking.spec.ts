import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, defineCommand, type ClientOptions } from '../index.js';
import { FakeServer } from '../testing/index.js';

const ping = defineCommand('desk.ping');

async function connected(options: Partial<ClientOptions> = {}) {
  const server = new FakeServer({ random: () => 0 });
  const client = createClient({ ...server.options, ...options });
  client.connect();
  await server.settle();
  return { server, client };
}

describe('a client that wakes up', () => {
  it('asks whether its connection is alive, and keeps it when it is', async () => {
    const { server, client } = await connected();
    server.link.answersPings = false;
    server.wake();
    server.wake();
    expect(server.link.requests.map(({ name }) => name)).toEqual(['ping']);
    server.link.requests[0]?.refuse(wireError('FRAME_INVALID'));
    await server.clock.advance(60_000);
    expect([client.state.kind, server.links.length, server.clock.pending]).toEqual(['connected', 1, 0]);
  });

  it('takes any frame for a sign of life', async () => {
    const { server, client } = await connected();
    server.link.answersPings = false;
    server.wake();
    server.link.live({ channel: 'desk', events: [] });
    await server.clock.advance(60_000);
    expect([client.state.kind, server.links.length]).toEqual(['connected', 1]);
  });

  it('leaves a dead connection after five seconds, and sends on the next one what was asked meanwhile', async () => {
    const { server, client } = await connected();
    const dead = server.link;
    dead.answersPings = false;
    server.wake();
    const sent = client.send(ping);
    await server.clock.advance(5_000);
    expect([dead.requests.map(({ name }) => name), server.links.length, client.state.kind]).toEqual([
      ['ping'],
      2,
      'connected',
    ]);
    server.expectCommand().answer();
    await expect(sent).resolves.toBeUndefined();
  });

  it('sends at once what was asked while it doubted a connection that is alive', async () => {
    const { server, client } = await connected();
    server.link.answersPings = false;
    server.wake();
    const sent = client.send(ping);
    expect(server.link.requests).toHaveLength(1);
    server.link.requests.shift()?.answer();
    server.expectCommand().answer();
    await expect(sent).resolves.toBeUndefined();
  });

  it('begins a try anew that hangs, and not one that has just begun', async () => {
    const server = new FakeServer({ accept: 'by-hand' });
    const client = createClient({ ...server.options });
    client.connect();
    await server.clock.advance(1_000);
    server.wake();
    await server.settle();
    expect(server.links).toHaveLength(1);
    await server.clock.advance(2_000);
    server.wake();
    await server.settle();
    expect([server.links.length, server.links[0]?.isOpen, client.state.kind]).toEqual([2, false, 'connecting']);
    server.accept();
    expect(client.state.kind).toBe('connected');
  });

  it('does not wait for a token function that hangs', async () => {
    const server = new FakeServer();
    const answers: ((token: string) => void)[] = [];
    const client = createClient({
      ...server.options,
      token: () => new Promise((resolve) => void answers.push(resolve)),
    });
    client.connect();
    await server.clock.advance(3_000);
    client.disconnect();
    client.connect();
    await server.settle();
    expect(answers).toHaveLength(2);
    answers[0]?.('of the try before');
    answers[1]?.('fresh');
    await server.settle();
    expect([server.links.length, server.link.handshake.token]).toEqual([1, 'fresh']);
  });
});

describe('a command that a connection did not take', () => {
  it('is sent on the next one, not lost with an unknown outcome', async () => {
    const { server, client } = await connected();
    server.link.takesFrames = false;
    const sent = client.send(ping);
    await server.settle();
    server.link.drop();
    await server.settle();
    await server.clock.advance(100);
    server.expectCommand().answer();
    await expect(sent).resolves.toBeUndefined();
  });

  it('has not been applied when its time is up', async () => {
    const { server, client } = await connected({ commandExpiresAfterMs: 1_000 });
    server.link.takesFrames = false;
    const failure = client.send(ping).catch((error: unknown) => error);
    await server.clock.advance(2_000);
    expect(await failure).toMatchObject({ code: 'COMMAND_EXPIRED', outcome: 'not-applied' });
  });
});
