import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NestCli } from '../support/nest-cli.js';

describe('the Nest CLI on this workspace', () => {
  let cli: NestCli;
  beforeAll(() => {
    cli = new NestCli();
  });
  afterAll(() => cli.remove());

  it('tells the versions', async () => {
    await expect(cli.run(50_000, 'info')).resolves.toContain('platform-socket.io');
  });

  it.each([
    ['nest', 'libs/nest/src/probe/probe.service.ts'],
    ['departures', 'src/probe/probe.service.ts'],
  ])('generates into the project %s', async (project, file) => {
    await expect(cli.run(50_000, 'g', 'service', 'probe', '--project', project, '--dry-run')).resolves.toContain(file);
  });
});
