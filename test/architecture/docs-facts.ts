import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root } from './source-tree.js';

/** The documents by their path from the root. */
export type Docs = ReadonlyMap<string, string>;

/** What the documents may speak of. */
export interface Facts {
  readonly options: ReadonlySet<string>;
  readonly metrics: ReadonlySet<string>;
  readonly codes: ReadonlySet<string>;
  /** Words in capitals that are no code. */
  readonly otherWords: ReadonlySet<string>;
}

export function readDocs(): Docs {
  const paths = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`);
  return new Map(['README.md', ...paths].map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Everything that a document says and that is not so, as lines to print. */
export function docFaults(docs: Docs, facts: Facts): string[] {
  return [...docs].flatMap(([path, text]) => {
    const prose = text.replaceAll(/^```.*?^```$/gms, '');
    return [...linkFaults(path, prose, docs), ...wordFaults(prose, facts)].map((fault) => `${path}: ${fault}`);
  });
}

function linkFaults(path: string, prose: string, docs: Docs): string[] {
  const links = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link);
  const paths = Array.from(
    prose.matchAll(/`((?:libs|test|docs|tools|deploy)\/[\w./-]+\.\w+)`/g),
    ([, file = '']) => file,
  );
  return [
    ...links.flatMap((link) => (/^https?:/.test(link) ? [] : linkFault(path, link, docs))),
    ...paths.flatMap((file) => (existsSync(join(root, file)) ? [] : [`there is no ${file}`])),
  ];
}

function linkFault(path: string, link: string, docs: Docs): string[] {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : normalize(join(dirname(path), file));
  if (!existsSync(join(root, target))) return [`the link to ${link} leads nowhere`];
  const headings = docs.get(target)?.matchAll(/^#+ (.*)$/gm) ?? [];
  const anchors = Array.from(headings, ([, heading = '']) => anchorOf(heading));
  return anchor === undefined || anchors.includes(anchor) ? [] : [`${target} has no heading for ${link}`];
}

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function wordFaults(prose: string, { options, metrics, codes, otherWords }: Facts): string[] {
  const words = Array.from(prose.matchAll(/`([^`]+)`/g), ([, word = '']) => word);
  return words.flatMap((word) => {
    const [name = ''] = word.split('{');
    if (/^(?:session|command|channel|stream|hub|redis)\.[a-z][A-Za-z]+$/.test(word) && !options.has(word)) {
      return [`there is no option ${word}`];
    }
    if (name.startsWith('realtime_') && !metrics.has(name)) return [`there is no metric ${name}`];
    const isCapital = /^[A-Z][A-Z_]{3,}$/.test(word);
    return isCapital && !codes.has(word) && !otherWords.has(word) ? [`there is no code ${word}`] : [];
  });
}
