import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './source-tree.js';

interface Stage {
  readonly name: string;
  readonly from: string;
  readonly lines: readonly string[];
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The stages of the Dockerfile, with continued lines put together. */
function stagesOf(text: string): Stage[] {
  const stages: { name: string; from: string; lines: string[] }[] = [];
  for (const line of text.replaceAll(/\\\n\s*/g, '').split('\n')) {
    const [, from, name] = /^FROM (\S+)(?: AS (\S+))?$/.exec(line) ?? [];
    if (from !== undefined) stages.push({ name: name ?? 'last', from, lines: [] });
    else if (line !== '' && !line.startsWith('#')) stages.at(-1)?.lines.push(line);
  }
  return stages;
}

const stages = stagesOf(read('Dockerfile'));
const last = stages.at(-1)!;
/** What is copied out of the workspace: source paths of COPY without --from. */
const sources = stages.flatMap(({ lines }) =>
  lines
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1)),
);

describe('the Dockerfile', () => {
  it('copies what is there and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect(existsSync(join(root, source))).toBe(true);
      expect(allowed.some((path) => source === path || source.startsWith(`${path}/`))).toBe(true);
    }
  });

  it('brings every library and everything that the build refers to', () => {
    const { references } = JSON.parse(read('tsconfig.build.json')) as { references: { path: string }[] };
    for (const { path } of references) {
      const folder = path.replace(/^\.\//, '').replace(/\/tsconfig.build.json$/, '');
      expect(sources.some((source) => folder === source || folder.startsWith(`${source}/`))).toBe(true);
    }
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    for (const library of workspaces) {
      expect(sources).toContain(`${library}/package.json`);
      expect(last.lines).toContain(`COPY --from=build /app/${library}/dist ${library}/dist`);
    }
  });

  it('runs as nobody special, with the packages that production needs', () => {
    expect(last.lines).toContain('USER node');
    expect(last.lines.indexOf('USER node')).toBeLessThan(last.lines.findIndex((line) => line.startsWith('CMD')));
    expect(last.from).toMatch(/^node:\d+-slim$/);
    const packages = /^COPY --from=(\w+) \/app \.\/$/m.exec(last.lines.join('\n'))?.[1];
    const stage = stages.find(({ name }) => name === packages);
    expect(stage?.lines).toEqual(['RUN npm ci --omit=dev --omit=optional']);
    const copied = last.lines.filter((line) => line.startsWith('COPY') && !line.includes(`--from=${packages}`));
    for (const line of copied) expect(line).toMatch(/^COPY --from=build \/app\/(?:libs\/\w+\/)?dist /);
  });

  it('asks for a health that there is, and starts what the build makes', () => {
    expect(last.lines.find((line) => line.startsWith('HEALTHCHECK'))).toContain('/health/live');
    expect(read('libs/nest/src/health/health.controller.ts')).toContain("@Get('live')");
    expect(last.lines.at(-1)).toBe('CMD ["node", "dist/main.js"]');
    expect(existsSync(join(root, 'src/main.ts'))).toBe(true);
  });
});
