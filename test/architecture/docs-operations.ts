import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { defaultChannelOptions } from '../../libs/nest/src/channel/channel.options.js';
import { defaultCommandOptions } from '../../libs/nest/src/command/command.options.js';
import { defaultHealthOptions } from '../../libs/nest/src/health/health.options.js';
import { defaultHubOptions } from '../../libs/nest/src/hub/hub.options.js';
import { defaultLimitOptions } from '../../libs/nest/src/limits/limits.options.js';
import { defaultRedisOptions } from '../../libs/nest/src/redis/redis.options.js';
import { defaultSessionOptions } from '../../libs/nest/src/session/session.options.js';
import { defaultStreamOptions } from '../../libs/nest/src/stream/stream.options.js';
import type { Metric } from '../../libs/nest/src/telemetry/recorder.js';
import { root } from './source-tree.js';

/** The line of a page below which everything is made from the code. */
export const marker = '<!-- Below: made from the code, see test/architecture/docs-operations.spec.ts. -->';

export interface Option {
  /** With its stage: `session.maxFrameBytes`. */
  readonly name: string;
  readonly value: unknown;
  /** What its TSDoc says, without the default. */
  readonly text: string;
}

/** The options of every stage, with their defaults and their words. */
export function stageOptions(): readonly Option[] {
  const defaults = {
    session: defaultSessionOptions,
    command: defaultCommandOptions,
    channel: defaultChannelOptions,
    stream: defaultStreamOptions,
    hub: defaultHubOptions,
    redis: defaultRedisOptions,
    health: defaultHealthOptions,
    limits: defaultLimitOptions,
  };
  return Object.entries(defaults).flatMap(([stage, values]) => {
    const texts = textsOf(stage);
    return Object.entries(values as object).map(([key, value]) => ({
      name: `${stage}.${key}`,
      value: value as unknown,
      text: texts.get(key) ?? '',
    }));
  });
}

/** `docs/operations.md` as it should be: its own text, then the options of every stage. */
export const expectedOperationsDoc = (current: string, options: readonly Option[]): string =>
  withTables(
    current,
    byStage(options, ({ name }) => name.split('.')[0]).map(
      ([stage, some]) => `### Options of \`${stage}\`\n\n| option | default | what it does |\n${optionRows(some)}`,
    ),
  );

/** `docs/metrics.md` as it should be: its own text, then the metrics of every stage. */
export const expectedMetricsDoc = (current: string, metrics: readonly Metric[]): string =>
  withTables(
    current,
    byStage(metrics, ({ name }) => name.split('_')[1]).map(
      ([stage, some]) => `## \`${stage}\`\n\n| metric | kind | what it says |\n${metricRows(some)}`,
    ),
  );

function withTables(current: string, tables: readonly string[]): string {
  const [introduction = ''] = current.split(marker);
  return `${introduction}${marker}\n\n${tables.join('\n\n')}\n`;
}

const optionRows = (options: readonly Option[]): string =>
  ['| --- | --- | --- |', ...options.map(({ name, value, text }) => row(name, ticks(shown(value)), text))].join('\n');

const metricRows = (metrics: readonly Metric[]): string =>
  ['| --- | --- | --- |', ...metrics.map((metric) => row(metric.name, metric.kind, wordsOf(metric)))].join('\n');

function wordsOf({ help, labels = {} }: Metric): string {
  const sets = Object.entries(labels).map(([label, values]) => ` By ${ticks(label)}: ${values.map(ticks).join(', ')}.`);
  return `${help}.${sets.join('')}`;
}

function textsOf(stage: string): ReadonlyMap<string, string> {
  const path = join(root, `libs/nest/src/${stage}/${stage}.options.ts`);
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const texts = new Map<string, string>();
  for (const member of file.statements.filter(ts.isInterfaceDeclaration).flatMap(({ members }) => [...members])) {
    const comments = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
    const text = comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join(' ');
    if (member.name) texts.set(member.name.getText(file), text.replaceAll(/\s+/g, ' ').trim());
  }
  return texts;
}

function byStage<T>(items: readonly T[], stageOf: (item: T) => string | undefined): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(stageOf(item) ?? '', [...(groups.get(stageOf(item) ?? '') ?? []), item]);
  return [...groups];
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none'));
const row = (name: string, second: string, text: string): string =>
  `| ${ticks(name)} | ${second} | ${text.replaceAll('|', '\\|')} |`;
const ticks = (word: string): string => `\`${word}\``;
