import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { entries } from './packages/entries.js';
import { reachFaults, surfaceOf } from './packages/reach.js';

/** Whose types may stand in declarations: those of the framework, and of nobody's drivers. */
const framework = ['@nestjs/(?:common|core|terminus)', 'rxjs', '@standard-schema/spec'];
const ownLibrary: Readonly<Record<string, string>> = {
  // Peers that every application with sessions has: `RealtimeIoAdapter` extends the adapter of the one.
  '@millrace/nest': '@nestjs/platform-socket.io|socket.io',
  '@millrace/nest/kysely': 'kysely',
  '@millrace/nest/drizzle': 'drizzle-orm',
};
const allowedFor = (specifier: string): RegExp =>
  new RegExp(`^(?:${[...framework, ...(ownLibrary[specifier] ? [ownLibrary[specifier]] : [])].join('|')})$`);

describe('the declarations', () => {
  const surface = surfaceOf(entries.map(({ types }) => types));

  it.each(entries)('of $specifier lead to nothing that a user lacks', ({ specifier, types }) => {
    expect(reachFaults(surface, types, allowedFor(specifier))).toEqual([]);
  });
});

describe('what declarations lead to', () => {
  const cases: [string, { inner: string; entry: string; faults: string[] }][] = [
    [
      'a driver',
      {
        inner: `import type { Pool } from 'driver'; export interface Options { readonly pool: Pool }`,
        entry: `export type { Options } from './inner.js';`,
        faults: ['Options leads to Pool of driver'],
      },
    ],
    [
      'a driver in an inline import',
      {
        inner: `export declare function open(): import('driver').Pool;`,
        entry: `export { open } from './inner.js';`,
        faults: ['open leads to Pool of driver'],
      },
    ],
    [
      'a driver behind a name of ours',
      {
        inner: `import type { Pool } from 'driver'; export type Source = { pool: Pool }; export type Options = { s: Source }`,
        entry: `export type { Options, Source } from './inner.js';`,
        faults: ['Source leads to Pool of driver'],
      },
    ],
    [
      'a name that is not exported',
      {
        inner: `type Hidden = 'a'; export interface Options<T> { readonly hidden?: Hidden; readonly own: T }`,
        entry: `export type { Options } from './inner.js';`,
        faults: ['Options leads to Hidden, which nobody can import'],
      },
    ],
    [
      'a base class that is not exported',
      {
        inner: `declare class Base { close(): void } export declare class Client extends Base {}`,
        entry: `export { Client } from './inner.js';`,
        faults: ['Client leads to Base, which nobody can import'],
      },
    ],
    [
      'a name that is not exported, behind a brand',
      {
        inner: `type Brand<T> = T & { '~brand': 1 }; type Hidden = string; export type Id = Brand<Hidden>`,
        entry: `export type { Id } from './inner.js';`,
        faults: ['Id leads to Hidden, which nobody can import'],
      },
    ],
    [
      'nothing else',
      {
        inner: `export interface Options { readonly signal: AbortSignal; readonly next?: Options }`,
        entry: `export type { Options } from './inner.js';`,
        faults: [],
      },
    ],
  ];
  const folder = mkdtempSync(join(tmpdir(), 'millrace-declarations-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (path: string, content: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    return join(folder, path);
  };
  write('node_modules/driver/package.json', '{ "name": "driver", "types": "index.d.ts" }');
  write('node_modules/driver/index.d.ts', 'export interface Pool { end(): void }');
  const files = cases.map(([, { inner, entry }], place) => {
    write(`${place}/inner.d.ts`, inner);
    return write(`${place}/index.d.ts`, entry);
  });
  const surface = surfaceOf(files);

  it.each(cases)('is %s', (name, { faults }) => {
    const file = files[cases.findIndex(([one]) => one === name)] ?? '';
    expect(reachFaults(surface, file, /^framework$/)).toEqual(faults);
  });
});
