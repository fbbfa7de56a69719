import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Application } from './quick-start/application.js';
import { linkOptionalPeers, requireAll, typeErrors } from './quick-start/commonjs.js';
import type { Program } from './quick-start/program.js';
import { readQuickStart, root } from './quick-start/readme.js';

const { files, commands } = readQuickStart();
const [pack = [], install = [], build = [], client = []] = commands;
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const start = build.at(-1) ?? '';

describe('the quick start of the README', () => {
  const application = new Application();
  let server: Program;
  let port: string;

  beforeAll(async () => {
    await application.run(
      `node ${tsc} -b libs/client/tsconfig.build.json libs/client/tsconfig.cjs.json libs/nest/tsconfig.build.json`,
      root,
    );
    await application.run((pack.at(-1) ?? '').replaceAll('../my-app', application.folder), root);
    await application.run(install[0] ?? '');
    await application.install(install.slice(1));
    for (const [path, content] of files) application.write(path, content);
    for (const line of build.slice(0, -1)) await application.run(line);
    server = application.start(start, { PORT: '0' });
    port = (await server.prints(/^Listening on http:.*:(\d+)$/m))[1] ?? '';
    // Most of it is npm; how long that takes is the machine's affair.
  }, 130_000);
  afterAll(() => application.remove());

  it('names every file, and every command', () => {
    expect([...files.keys()]).toEqual([
      'tsconfig.json',
      'src/contract.ts',
      'src/notes.gateway.ts',
      'src/main.ts',
      'src/client.ts',
    ]);
    expect(commands.map(({ length }) => length)).toEqual([2, 3, 3, 1]);
  });

  // The install here follows the lockfile of this workspace, which would hide a wrong override.
  it('asks npm for one copy of Socket.IO', () => {
    expect(application.manifest()).toMatchObject({
      overrides: { '@nestjs/platform-socket.io': { 'socket.io': '^4.8.4' } },
    });
  });

  it('brings a command in and its event out, to whoever subscribed', async () => {
    const run = () => application.start(client[0] ?? '', { PORT: port });
    const first = run();
    await first.prints(/^note 1 is written$/m);
    await first.prints(/^event 1: hello, by ada$/m);
    const second = run();
    await second.prints(/^note 2 is written$/m);
    await first.prints(/^event 2: hello, by ada$/m);
    const health = await fetch(`http://localhost:${port}/health/ready`);
    expect(await health.json()).toMatchObject({ status: 'ok' });
    await Promise.all([first.stop(), second.stop()]);
  });

  it('has declarations that stand without `skipLibCheck`', () => {
    expect(typeErrors(application)).toEqual([]);
  });

  it('can be done in CommonJS too', async () => {
    linkOptionalPeers(application);
    application.write('commonjs/all.cjs', requireAll);
    await application.run('node --no-warnings commonjs/all.cjs');
  });

  it('ends on a signal when nobody is connected', async () => {
    expect(await server.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
