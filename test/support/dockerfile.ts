import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../architecture/source-tree.js';

export interface Instruction {
  readonly name: string;
  /** Flags such as `--from=build`, without their dashes. */
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  /** An image, or an earlier stage. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** A copy out of the folder, or out of an earlier stage. */
export interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export const readDockerfile = (): readonly Stage[] => stagesOf(readFileSync(join(root, 'Dockerfile'), 'utf8'));

export function stagesOf(text: string): readonly Stage[] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of lines.split('\n').filter((one) => one !== '')) {
    const instruction = instructionOf(line);
    if (instruction.name === 'FROM') {
      const [from = '', , name = `${stages.length}`] = instruction.text.split(' ');
      stages.push({ name, from, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

function instructionOf(line: string): Instruction {
  const [, name = '', flags = '', text = ''] = /^(\w+)((?: --\S+)*) +(.*)$/.exec(line) ?? [];
  const pairs = Array.from(flags.matchAll(/--(\w+)=(\S+)/g), ([, flag = '', value = '']) => [flag, value]);
  return { name, flags: Object.fromEntries(pairs) as Record<string, string>, text };
}

export const named = (stage: Stage, name: string): readonly Instruction[] =>
  stage.instructions.filter((instruction) => instruction.name === name);

export function copyOf({ flags, text }: Instruction): Copy {
  const paths = text.split(' ');
  return { from: flags['from'], sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** Whether `.dockerignore` keeps a path, relative to the root, out of the build. The last pattern that matches decides. */
export function ignores(patterns: string): (path: string) => boolean {
  const rules = patterns
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ lets: line.startsWith('!'), matches: matcher(line.replace('!', '')) }));
  return (path) => {
    const folders = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    const last = rules.findLast(({ matches }) => folders.some((folder) => matches.test(folder)));
    return last !== undefined && !last.lets;
  };
}

function matcher(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^$(){}|]/g, '\\$&')
    .replaceAll(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(?:.*/)?'));
  return new RegExp(`^${source}$`);
}

export const readDockerignore = (): ((path: string) => boolean) =>
  ignores(readFileSync(join(root, '.dockerignore'), 'utf8'));

/** The words of the last `CMD` of a stage, or of the one in its `HEALTHCHECK`. */
export function commandOf(stage: Stage, name: 'CMD' | 'HEALTHCHECK'): readonly string[] {
  const text = named(stage, name).at(-1)?.text ?? '';
  return JSON.parse(text.slice(text.indexOf('['))) as string[];
}
