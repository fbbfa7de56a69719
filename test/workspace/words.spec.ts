import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { entries, root } from './packages/entries.js';
import { wordFaults } from './packages/words.js';

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8')).config,
  ts.sys,
  root,
);

describe('the words of the exports', () => {
  const files = entries.map(({ source }) => source);
  const program = ts.createProgram(files, options);

  it.each(entries)('of $specifier tell units, defaults and errors', ({ source }) => {
    expect(wordFaults(program, source)).toEqual([]);
  });
});

describe('words are missing', () => {
  const faults = (line: string): string[] => {
    // A comment behind a brace on its line would belong to the brace.
    const text = line.replaceAll('{ /**', '{\n/**');
    const file = join(root, 'planted.ts');
    const host = ts.createCompilerHost({});
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (name, languageVersion) =>
      name === file ? ts.createSourceFile(name, text, languageVersion, true) : read(name, languageVersion);
    return wordFaults(ts.createProgram([file], { noLib: true, types: [] }, host), file);
  };

  it.each([
    ['from a property', 'export interface Options { readonly aMs: number }', ['Options: aMs has no words']],
    [
      'about the default of a number',
      'export interface Options { /** A. */ readonly aMs: number } const defaultOptions = { aMs: 5 };',
      ['Options: aMs has no default'],
    ],
    [
      'about an optional number',
      'export interface Options { /** A. */ readonly aMs?: number }',
      ['Options: aMs has no default'],
    ],
    [
      'about the true default',
      'export interface Options { /** A. @defaultValue 5 */ readonly aMs: number } const defaults = { aMs: 2 * 60_000 };',
      ['Options: aMs is 120000 and not 5'],
    ],
    [
      'in a member of a union',
      'export type Source = { /** A. */ readonly a: string } | { readonly b: string };',
      ['Source: b has no words'],
    ],
    [
      'about an error',
      '/** A. */ export function open(): void { throw new BootError("no"); }',
      ['open: throws BootError and does not say so'],
    ],
    [
      'about the error of what is called',
      '/** @throws BootError */ function inner(): void {} /** A. */ export class A { /** B. */ open(): void { inner(); } }',
      ['A: open() throws BootError and does not say so'],
    ],
    [
      'nowhere',
      `export interface Options { /** A. @defaultValue 5 */ readonly aMs: number } const defaultOptions = { aMs: 5 };
      /** @throws BootError */ export function open(): void { throw new BootError("no"); }
      /** Catches. */ export function tried(): void { try { open(); } catch {} }`,
      [],
    ],
  ])('%s', (_, text, expected) => {
    expect(faults(text)).toEqual(expected);
  });
});
