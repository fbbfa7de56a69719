import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandOf, readDockerfile } from '../support/dockerfile.js';
import { ImageReplay } from './image-replay.js';
import { Program } from '../workspace/quick-start/program.js';

const execute = promisify(execFile);

/** Some ten thousand files are made and removed; how long that takes is the machine's affair. */
const SLOW_MS = 300_000;

interface Package {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

describe('the image of Departures', () => {
  const last = readDockerfile().at(-1)!;
  const replay = new ImageReplay();
  const data = mkdtempSync(join(tmpdir(), 'millrace-image-data-'));
  // Nothing of this workspace, and of the machine only where its programs are.
  const env = { PATH: process.env['PATH'], NODE_ENV: 'production', DATA_DIR: data, FEED: 'off', PORT: '0' };
  let app: string;
  let node: Program;
  let url: string;
  beforeAll(async () => {
    app = await replay.build();
    node = new Program(commandOf(last, 'CMD').join(' '), { cwd: app, env });
    url = (await node.prints(/^Departures: (http:.*)$/m))[1] ?? '';
  }, SLOW_MS);
  afterAll(async () => {
    await node?.stop();
    replay.remove();
    rmSync(data, { recursive: true, force: true });
  }, SLOW_MS);

  it('is ready, and serves the page', async () => {
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const page = await (await fetch(url)).text();
    expect(page).toContain('<title>Departures</title>');
    const assets = Array.from(page.matchAll(/(?:src|href)="\.?(\/assets\/[^"]+)"/g), ([, path]) => path);
    expect(assets.length).toBeGreaterThanOrEqual(2);
    for (const path of assets) expect((await fetch(`${url}${path}`)).status, path).toBe(200);
  });

  it('is healthy by its own check while it runs, and not where nobody listens', async () => {
    const [file = '', ...args] = commandOf(last, 'HEALTHCHECK');
    const check = (port: string) => execute(file, args, { cwd: app, env: { ...env, PORT: port } });
    await expect(check(new URL(url).port)).resolves.toBeDefined();
    await expect(check('1')).rejects.toMatchObject({ code: 1 });
  });

  it('has the feed', async () => {
    const feed = new Program('node dist/feed/main.js', { cwd: app, env });
    await feed.prints(/DEPARTURES_URL must be the address of the server/);
    expect(await feed.stop()).toEqual({ code: 1, signal: null });
  });

  it('has the packages that run, and no others', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as Package;
    const has = (name: string): boolean => existsSync(join(app, 'node_modules', name));
    expect(Object.keys(dependencies).filter((name) => !has(name))).toEqual([]);
    // Types that a package of others names as a dependency, and the socket.io-client of @millrace/client.
    const isNeeded = (name: string): boolean => ['@types/node', 'socket.io-client'].includes(name);
    expect(Object.keys(devDependencies).filter((name) => has(name) && !isNeeded(name))).toEqual([]);
  });

  it('has no sources, no tests and no secrets', () => {
    const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter((path) => !/node_modules/.test(path));
    expect(files).toContain(join('dist', 'main.js'));
    expect(files.filter((path) => /(?<!\.d)\.ts$|\.spec\.|\.env|^test/.test(path))).toEqual([]);
  });

  it('ends by itself on a signal', async () => {
    expect(await node.stop()).toEqual({ code: 0, signal: null });
  });
});
