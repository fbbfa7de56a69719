import { describe, expect, it } from 'vitest';
import { logFaults } from './log-calls.js';
import { readSourceTree } from './source-tree.js';

describe('log calls', () => {
  it('give errors as Nest documents, everywhere in the module', () => {
    expect(logFaults(readSourceTree())).toEqual([]);
  });

  it.each([
    ['an object', "this.#logger.error({ message: 'x failed', error });"],
    ['an object in the next line', "logger.warn(\n  { message: 'x failed', error },\n);"],
    ['an error beside the text', "this.#logger.error('x failed', error);"],
    ['an error beside the text of a template', 'new LineLogger().error(`${name} failed`, error);'],
    ['an error alone', 'logger.warn(error);'],
    ['a logger that prints text as it is', "const logger = new Logger('Millrace');"],
  ])('are seen with %s', (_, text) => {
    expect(logFaults(new Map([['libs/nest/src/stream/a.ts', text]]))).toHaveLength(1);
  });

  it.each([
    ['text alone', "this.#logger.warn('Redis is away');"],
    ['a template', 'this.#logger.warn(`Redis is away: ${reasonOf(error)}`);'],
    ['text over lines', "this.#logger.warn(\n  'a' +\n    'b',\n);"],
    ['the function for errors', 'logError(this.#logger, `${name} failed`, error);'],
  ])('may have %s', (_, text) => {
    expect(logFaults(new Map([['libs/nest/src/stream/a.ts', text]]))).toEqual([]);
  });
});
