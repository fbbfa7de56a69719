import { readFile } from 'node:fs/promises';

/** The text of a file of the package `vega-datasets`, whose only export is its index. */
export function readDataFile(name: 'flights-20k.json' | 'airports.csv'): Promise<string> {
  return readFile(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')), 'utf8');
}
