import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyWorkspace } from '../support/workspace-copy.js';

const execute = promisify(execFile);

describe('the Nest CLI on this workspace', () => {
  let copy: ReturnType<typeof copyWorkspace>;
  beforeAll(() => {
    copy = copyWorkspace();
  });
  afterAll(() => copy.remove());

  /** Rejects with the command's output when it exits with another code than 0. */
  async function nest(...args: string[]): Promise<string> {
    const command = join(copy.folder, 'node_modules/@nestjs/cli/bin/nest.js');
    const { stdout } = await execute(process.execPath, [command, ...args], { cwd: copy.folder, timeout: 50_000 });
    return stdout;
  }

  it('builds every project from nothing', async () => {
    await nest('build', '--all');
    for (const project of ['libs/protocol', 'libs/client', 'libs/nest']) {
      expect(existsSync(join(copy.folder, project, 'dist/index.js')), project).toBe(true);
      expect(existsSync(join(copy.folder, project, 'dist/index.d.ts')), project).toBe(true);
    }
    expect(existsSync(join(copy.folder, 'dist/main.js'))).toBe(true);
  });

  it('tells the versions', async () => {
    await expect(nest('info')).resolves.toContain('platform-socket.io');
  });

  it.each([
    ['nest', 'libs/nest/src/probe/probe.service.ts'],
    ['departures', 'src/probe/probe.service.ts'],
  ])('generates into the project %s', async (project, file) => {
    await expect(nest('g', 'service', 'probe', '--project', project, '--dry-run')).resolves.toContain(file);
  });
});
