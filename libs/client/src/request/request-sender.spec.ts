import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, defineCommand, RealtimeError, type ClientOptions } from '../index.js';
import { FakeServer } from '../testing/index.js';

const record = defineCommand<{ n: unknown }, { id: number }>('departure.record');

function scene(options: Partial<ClientOptions> = {}) {
  const server = new FakeServer();
  const client = createClient({ ...server.options, ...options });
  const send = (n: unknown, more = {}) => client.send(record, { n }, more);
  return { server, client, send };
}
const outcomeOf = (sent: Promise<unknown>) =>
  sent.catch((error: unknown) => (error instanceof RealtimeError ? `${error.code} ${error.outcome}` : error));

describe('a command', () => {
  it('waits for the connection and leaves in the order of the calls', async () => {
    const { server, send } = scene();
    const sent = [1, 2, 3].map((n) => send(n));
    await server.settle();
    const commands = [1, 2, 3].map(() => server.expectCommand());
    expect(commands.map(({ body }) => body)).toEqual(
      [1, 2, 3].map((n) => ({ id: `id-${n}`, name: 'departure.record', data: { n } })),
    );
    for (const [index, command] of commands.toReversed().entries()) command.answer({ result: { id: 3 - index } });
    await expect(Promise.all(sent)).resolves.toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('fails with what the server said', async () => {
    const { server, send } = scene();
    const details = [{ field: 'n', rules: { isInt: 'n must be an integer number' } }];
    const sent = send('x');
    await server.settle();
    server.expectCommand().refuse(wireError('VALIDATION_FAILED', { details, outcome: 'not-applied' }));
    await expect(sent).rejects.toMatchObject({ name: 'RealtimeError', code: 'VALIDATION_FAILED', details });
  });

  it('that was certainly not executed is sent again with its id, after the pause that the server asks for and one of its own', async () => {
    const { server, send } = scene();
    const sent = send(1);
    await server.settle();
    server.expectCommand().refuse(wireError('RATE_LIMITED', { retryAfterMs: 700 }));
    await server.clock.advance(949);
    expect(server.link.requests).toEqual([]);
    await server.clock.advance(1);
    const again = server.expectCommand();
    expect(again.body.id).toBe('id-1');
    again.answer({ result: { id: 1 } });
    await expect(sent).resolves.toEqual({ id: 1 });
    expect(server.clock.pending).toBe(0);
  });

  it('that may have been executed is never sent again', async () => {
    const { server, send } = scene();
    const sent = outcomeOf(send(1));
    await server.settle();
    server.link.drop();
    await server.clock.advance(60_000);
    expect(await sent).toBe('CONNECTION_LOST unknown');
    expect([server.links.length, server.link.requests.length]).toEqual([2, 0]);
  });

  it('that waits is still sent by the next connection', async () => {
    const { server, client, send } = scene();
    client.connect();
    await server.settle();
    server.link.drop();
    const sent = send(1);
    await server.clock.advance(1_000);
    server.expectCommand().answer({ result: { id: 1 } });
    await expect(sent).resolves.toEqual({ id: 1 });
  });

  it('expires when it waits too long', async () => {
    const { server, send } = scene({ start: 'on-call' });
    const sent = outcomeOf(send(1, { expiresAfterMs: 400 }));
    await server.clock.advance(400);
    expect(await sent).toBe('COMMAND_EXPIRED not-applied');
    expect(server.clock.pending).toBe(0);
  });

  it('that may not wait leaves at once when there is a connection, and only then', async () => {
    const { server, client, send } = scene({ start: 'on-call' });
    const early = outcomeOf(send(1, { expiresAfterMs: 0 }));
    await server.clock.advance(0);
    expect(await early).toBe('COMMAND_EXPIRED not-applied');
    client.connect();
    await server.settle();
    const sent = send(2, { expiresAfterMs: 0 });
    server.expectCommand().answer({ result: { id: 2 } });
    await expect(sent).resolves.toEqual({ id: 2 });
  });

  it('is given up when its answer takes too long', async () => {
    const { server, send } = scene();
    const sent = outcomeOf(send(1, { timeoutMs: 400 }));
    await server.clock.advance(400);
    expect(await sent).toBe('DEADLINE_EXCEEDED unknown');
    server.expectCommand().answer({ result: { id: 1 } });
  });

  it('ends in time although timers fire a little early, as those of Node do', async () => {
    const server = new FakeServer();
    const early = (delayMs: number, task: () => void) => server.clock.after(delayMs > 1 ? delayMs - 1 : delayMs, task);
    const environment = { ...server.options.environment, after: early };
    const client = createClient({ ...server.options, environment, start: 'on-call' });
    const expired = outcomeOf(client.send(record, { n: 1 }, { expiresAfterMs: 400 }));
    await server.clock.advance(400);
    client.connect();
    await server.settle();
    const late = outcomeOf(client.send(record, { n: 1 }, { timeoutMs: 400 }));
    await server.clock.advance(400);
    expect(await Promise.all([expired, late])).toEqual(['COMMAND_EXPIRED not-applied', 'DEADLINE_EXCEEDED unknown']);
    expect(server.clock.pending).toBe(0);
  });

  it('ends and is repeated in time although the clock was set back by an hour', async () => {
    const server = new FakeServer();
    let backMs = 0;
    const environment = { ...server.options.environment, now: () => server.clock.now() - backMs };
    const client = createClient({ ...server.options, environment });
    const late = outcomeOf(client.send(record, { n: 1 }, { timeoutMs: 400 }));
    const repeated = client.send(record, { n: 2 });
    const queued = client.send(record, { n: 3 }, { expiresAfterMs: 10_000 });
    await server.settle();
    server.expectCommand();
    server.expectCommand().refuse(wireError('RATE_LIMITED', { retryAfterMs: 5_000 }));
    server.expectCommand().refuse(wireError('RATE_LIMITED', { retryAfterMs: 9_000 }));
    backMs = 3_600_000;
    await server.clock.advance(400);
    expect(await late).toBe('DEADLINE_EXCEEDED unknown');
    await server.clock.advance(4_850);
    server.expectCommand().answer({ result: { id: 2 } });
    expect(await repeated).toEqual({ id: 2 });
    await server.clock.advance(4_000);
    server.expectCommand().answer({ result: { id: 3 } });
    expect(await queued).toEqual({ id: 3 });
  });

  it('finds the queue full', async () => {
    const { server, client, send } = scene({ start: 'on-call', maxQueuedCommands: 2 });
    const sent = [send(1), send(2)];
    expect(await outcomeOf(send(3))).toBe('QUEUE_FULL not-applied');
    client.connect();
    await server.settle();
    for (const id of [1, 2]) server.expectCommand().answer({ result: { id } });
    await expect(Promise.all(sent)).resolves.toHaveLength(2);
  });

  it('waits when too many are unanswered', async () => {
    const { server, send } = scene({ maxCommandsInFlight: 2 });
    const sent = [1, 2, 3].map((n) => send(n));
    await server.settle();
    expect(server.link.requests).toHaveLength(2);
    server.expectCommand().answer({ result: { id: 1 } });
    expect(server.link.requests.map(({ body }) => body)).toMatchObject([{ id: 'id-2' }, { id: 'id-3' }]);
    for (const id of [2, 3]) server.expectCommand().answer({ result: { id } });
    await expect(Promise.all(sent)).resolves.toHaveLength(3);
  });

  it.each(['before', 'queued', 'sent'] as const)('is given up by its signal: %s', async (when) => {
    const { server, client, send } = scene({ start: 'on-call' });
    const abort = new AbortController();
    if (when === 'before') abort.abort('enough');
    const sent = outcomeOf(send(1, { signal: abort.signal }));
    if (when === 'sent') client.connect();
    await server.settle();
    abort.abort('enough');
    expect(await sent).toBe('enough');
    client.connect();
    await server.settle();
    expect(server.link.requests).toHaveLength(when === 'sent' ? 1 : 0);
    expect(server.clock.pending).toBe(0);
  });

  it('that is no JSON fails alone', async () => {
    const { server, client, send } = scene({ start: 'on-call' });
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const bad = outcomeOf(send(circular));
    const good = send(2);
    client.connect();
    await server.settle();
    expect(await bad).toBe('COMMAND_INVALID not-applied');
    server.expectCommand().answer({ result: { id: 2 } });
    await expect(good).resolves.toEqual({ id: 2 });
  });

  it.each([undefined, null, 'text', { ok: false }, { ok: 'yes' }])(
    'fails at an answer that is none: %j',
    async (raw) => {
      const server = new FakeServer();
      const client = createClient({
        ...server.options,
        transport: {
          open: (target, listener) => {
            const link = server.open(target, listener);
            return { send: (_name, _body, onAnswer) => onAnswer(raw), close: () => link.close() };
          },
        },
      });
      await expect(client.send(record, { n: 1 })).rejects.toMatchObject({ code: 'INTERNAL', retry: 'never' });
    },
  );
});
