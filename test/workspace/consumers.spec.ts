import { execFileSync } from 'node:child_process';
import ts from 'typescript';
import { afterAll, expect, it } from 'vitest';
import { Consumer } from './consumers/consumer.js';
import { entries } from './packages/entries.js';

const contract = `
import { defineChannel, defineCommand, event } from '@millrace/client';
export const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'note.made': event<{ n: number }>() } });
export const ask = defineCommand<{ text: string }, { id: number }>('note.ask');`;

const page = (contractFile: string): string => `
import { createClient, RealtimeError, type PositionStorage } from '@millrace/client';
import { FakeServer } from '@millrace/client/testing';
import { decodePosition } from '@millrace/protocol';
import { ask, desk } from '${contractFile}';
const server = new FakeServer();
const storage = undefined as PositionStorage | undefined;
const client = createClient({ ...server.options, storage, onError: undefined });
export const id: Promise<number> = client.send(ask, { text: 'hello' }, { timeoutMs: undefined }).then((note) => note.id);
client.subscribe(desk, { airport: 'SFO' }, { since: undefined }).on('note.made', ({ n }) => n.toFixed());
export const isOurs = (error: unknown) => error instanceof RealtimeError && error.code === 'BUSY' && error.retry;
export const offset: number | undefined = decodePosition('')?.offset;`;

/** As in a module system of its own, like that of Jest, which never loads a module by \`require\`. */
const commonJs = `
const seen = [];
const specifiers = ${JSON.stringify(entries.flatMap(({ specifier, hasCommonJs }) => (hasCommonJs ? [specifier] : [])))};
const empty = specifiers.filter((specifier) => Object.keys(require(specifier)).length === 0);
const { createClient, defineChannel, event, RealtimeError } = require('@millrace/client');
const { FakeLog, FakeServer } = require('@millrace/client/testing');
const server = new FakeServer();
const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'note.made': event() } });
const client = createClient(server.options);
client.subscribe(desk, { airport: 'SFO' }).on('note.made', (data) => seen.push(data));
(async () => {
  await server.settle();
  const log = new FakeLog('desk.SFO');
  server.answerSubscribe((item) => log.answer(item));
  server.link.events(log.publish('note.made', { n: 1 }));
  const modules = await import('@millrace/client');
  const error = await modules.createClient({ ...server.options, start: 'on-call', commandExpiresAfterMs: 1 })
    .history(desk, { airport: '' }).catch((failed) => failed);
  client.close();
  console.log(JSON.stringify({ empty, seen, twoCopies: modules.RealtimeError !== RealtimeError, isOurs: error instanceof RealtimeError }));
})();`;

const consumer = new Consumer({
  'package.json': '{}',
  'page.ts': page('./contract'),
  'contract.ts': contract,
  'shared/contract.cts': contract,
  'shared/page.mts': page('./contract.cjs'),
  'run.cjs': commonJs,
});
afterAll(() => consumer.remove());

it('a client works that CommonJS loaded by a `require` for which there are no modules, as in Jest', () => {
  const cwd = consumer.folder;
  const told = execFileSync(process.execPath, ['--no-experimental-require-module', 'run.cjs'], {
    cwd,
    encoding: 'utf8',
  });
  expect(JSON.parse(told)).toEqual({ empty: [], seen: [{ n: 1 }], twoCopies: true, isOurs: true });
});

it('types fit where modules are resolved as Node 10 did, with exact optional properties', () => {
  const options = { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 };
  expect(consumer.typeErrors(['page.ts'], { ...options, ignoreDeprecations: '6.0' })).toEqual([]);
});

it('types fit where a bundler resolves them', () => {
  const options = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  expect(consumer.typeErrors(['page.ts'], options)).toEqual([]);
});

it('a contract written in CommonJS keeps its types in a module', () => {
  expect(consumer.typeErrors(['shared/page.mts'], { module: ts.ModuleKind.NodeNext })).toEqual([]);
});
