import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NestCli } from '../support/nest-cli.js';

it('the Nest CLI builds every project of this workspace from nothing', async () => {
  const cli = new NestCli();
  try {
    await cli.run(150_000, 'build', '--all');
    for (const project of ['libs/protocol', 'libs/client', 'libs/nest']) {
      expect(existsSync(join(cli.folder, project, 'dist/index.js')), project).toBe(true);
      expect(existsSync(join(cli.folder, project, 'dist/index.d.ts')), project).toBe(true);
    }
    expect(existsSync(join(cli.folder, 'dist/main.js'))).toBe(true);
  } finally {
    cli.remove();
  }
}, 180_000);
