import { Global, Inject, Injectable, Module, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, expect, it } from 'vitest';
import { BootError } from '../core/boot-error.js';
import { CodedError } from '../core/coded-error.js';
import { AdminModule } from './admin.module.js';
import { NodeAdmin } from './node-admin.js';

const KEY = Symbol('key');

@Module({ providers: [{ provide: KEY, useValue: 'secret' }], exports: [KEY] })
class KeyModule {}

@Injectable()
class KeyGuard implements CanActivate {
  constructor(@Inject(KEY) private readonly key: string) {}

  canActivate(execution: ExecutionContext): boolean {
    const { headers } = execution.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
    return headers['x-key'] === this.key;
  }
}

let close = (): Promise<void> => Promise.resolve();
afterEach(() => close());

/** Asks the endpoints of a node that is `admin`. */
async function asking(admin: Partial<NodeAdmin>): Promise<(path: string, key?: string) => Promise<unknown[]>> {
  @Global()
  @Module({ providers: [{ provide: NodeAdmin, useValue: admin }], exports: [NodeAdmin] })
  class Node {}
  const module = await Test.createTestingModule({
    imports: [Node, AdminModule.register({ guards: [KeyGuard], imports: [KeyModule], path: 'ops' })],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  close = () => app.close();
  const url = await app.getUrl();
  return async (path, key = 'secret') => {
    const response = await fetch(`${url}/${path}`, { headers: { 'x-key': key } });
    return [response.status, await response.json()];
  };
}

it('is where it is told to be, under guards that have providers of other modules', async () => {
  const ask = await asking({ nodes: () => Promise.resolve({ nodes: [], complete: true }) });
  expect(await ask('ops/nodes')).toEqual([200, { nodes: [], complete: true }]);
  expect(await ask('ops/nodes', 'guessed')).toMatchObject([403, {}]);
  expect(await ask('admin/realtime/nodes')).toMatchObject([404, {}]);
});

it('answers 503 with the code while the database is away, and nothing of what else went wrong', async () => {
  const cause = new Error('connect ECONNREFUSED of a host that is nobody’s business');
  const ask = await asking({
    channel: () => Promise.reject(new CodedError('STREAM_UNAVAILABLE', {}, { cause })),
    outbox: () => Promise.reject(cause),
  });
  const [status, body] = await ask('ops/channels/desk.SFO');
  expect([status, body]).toMatchObject([503, { statusCode: 503, code: 'STREAM_UNAVAILABLE' }]);
  expect(JSON.stringify(body)).not.toContain('ECONNREFUSED');
  expect(await ask('ops/outbox')).toEqual([500, { statusCode: 500, message: 'Internal server error' }]);
});

it('asks for a page of 50 from the start, or for the one that is named', async () => {
  const pages: unknown[] = [];
  const deadLetters = (...page: unknown[]): Promise<[]> => {
    pages.push(page);
    return Promise.resolve([]);
  };
  const ask = await asking({ deadLetters });
  await ask('ops/outbox/dead-letters');
  await ask('ops/outbox/dead-letters?after=7&limit=500');
  expect(pages).toEqual([
    ['0', 50],
    ['7', 500],
  ]);
});

it.each([
  'sessions?limit=0',
  'sessions?limit=501',
  'sessions?limit=many',
  'sessions?limit=1.5',
  'sessions?after=a&after=b',
  'sessions?subject=a&subject=b',
  'channels/no%20channel',
  `channels/${'x'.repeat(256)}`,
  'outbox?limit=-1',
  'outbox?after=x',
  'outbox/dead-letters?after=-1',
  'outbox/dead-letters?after=1;drop',
  `outbox/dead-letters?after=${'9'.repeat(19)}`,
])('refuses %s, and asks nobody', async (path) => {
  const ask = await asking({});
  expect(await ask(`ops/${path}`)).toMatchObject([400, {}]);
});

it('is not there without a guard', () => {
  expect(() => AdminModule.register({ guards: [] })).toThrow(BootError);
});
