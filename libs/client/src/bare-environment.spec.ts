import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build, type Rolldown } from 'vite';
import { describe, expect, it } from 'vitest';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What a page would load, with the scripted server beside it. */
const page = `
import { createClient, defineChannel, defineCommand, event } from '@millrace/client';
import { FakeLog, FakeServer } from '@millrace/client/testing';
const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event() } });
const record = defineCommand('departure.record');
globalThis.run = async () => {
  const server = new FakeServer();
  const { uuid, ...environment } = server.options.environment;
  const client = createClient({ ...server.options, environment });
  const log = new FakeLog('desk.SFO');
  const seen = [];
  const subscription = client.subscribe(desk, { airport: 'SFO' });
  subscription.on('a.b', (n) => seen.push(n));
  const { signal } = new AbortController();
  const sent = client.send(record, { flight: 1 }, { signal });
  await server.settle();
  server.answerSubscribe((item) => log.answer(item));
  server.link.events(log.publish('a.b', 1));
  const { body, answer } = server.expectCommand();
  answer({ result: { id: 7 } });
  const aborted = await client.send(record, {}, { signal: { aborted: true } }).catch(({ name }) => name);
  const refused = await client.send(record, { n: Infinity }).catch(({ code }) => code);
  return JSON.stringify({ state: client.state.kind, seen, result: await sent, id: body.id, aborted, refused });
};`;

async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: '@millrace/protocol', replacement: source('../../protocol/src/index.ts') },
        { find: '@millrace/client/testing', replacement: source('testing/index.ts') },
        { find: '@millrace/client', replacement: source('index.ts') },
      ],
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'page' ? '\0page' : undefined),
        load: (id) => (id === '\0page' ? page : undefined),
      },
    ],
    build: { write: false, minify: false, rolldownOptions: { input: 'page', output: { format: 'iife' } } },
  });
  const { output } = (Array.isArray(result) ? result[0] : result) as Rolldown.RolldownOutput;
  return output.map((file) => (file.type === 'chunk' ? file.code : '')).join('');
}

describe('a runtime that has only the language, timers, a console and a bare AbortController', () => {
  it('runs the SDK', async () => {
    class BareSignal {
      aborted = false;
      addEventListener() {}
      removeEventListener() {}
    }
    class BareController {
      signal = new BareSignal();
      abort() {
        this.signal.aborted = true;
      }
    }
    const globals = { setTimeout, clearTimeout, setInterval, clearInterval, console, AbortController: BareController };
    const context = createContext({ ...globals });
    for (const name of [
      'crypto',
      'document',
      'addEventListener',
      'structuredClone',
      'queueMicrotask',
      'performance',
      'atob',
    ]) {
      expect(runInContext(`typeof ${name}`, context), name).toBe('undefined');
    }
    runInContext(await bundle(), context);
    const told = JSON.parse((await runInContext('run()', context)) as string) as { id: string };
    expect(told).toMatchObject({
      state: 'connected',
      seen: [1],
      result: { id: 7 },
      aborted: 'AbortError',
      refused: 'COMMAND_INVALID',
    });
    expect(told.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  }, 30_000);
});
