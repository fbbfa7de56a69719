import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Program } from './program.js';
import { root } from './readme.js';

const execute = promisify(execFile);

type Lock = { packages: Record<string, { version: string }> };

/** An application in a folder of its own, outside of this workspace. */
export class Application {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-quick-start-'));
  readonly #programs: Program[] = [];

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Runs a line of the README to its end. Rejects with its output when it fails. */
  async run(line: string, cwd = this.folder): Promise<void> {
    try {
      await execute('sh', ['-c', line], { cwd, env: environment(), timeout: 60_000 });
    } catch (error) {
      const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
      throw new Error(`${line}\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Starts a line of the README that does not end by itself. */
  start(line: string, env: NodeJS.ProcessEnv): Program {
    const program = new Program(line, { cwd: this.folder, env: { ...environment(), ...env } });
    this.#programs.push(program);
    return program;
  }

  /**
   * Installs what `npm install` lines name, in the versions of this workspace's lockfile: these are in npm's cache, and
   * a release of tomorrow does not turn the test red.
   */
  async install(lines: readonly string[]): Promise<void> {
    const names = lines.flatMap((line) =>
      line
        .split(' ')
        .filter((word) => /^@?[a-z]/.test(word))
        .slice(2),
    );
    const tarballs = readdirSync(this.folder).filter((file) => file.endsWith('.tgz'));
    const lock = json<Lock>(join(root, 'package-lock.json'));
    const dependencies = Object.fromEntries([
      ...names.map((name) => name.replace(/(?<=.)@.*/, '')).map((name) => [name, versionIn(lock, name)]),
      ...tarballs.map((file) => [file.replace(/^millrace-(\w+)-.*/, '@millrace/$1'), `file:${file}`]),
    ]);
    const manifest = { ...this.manifest(), dependencies };
    const fromRegistry = Object.entries(lock.packages).filter(
      ([path]) => path.startsWith('node_modules/') && !path.startsWith('node_modules/@millrace/'),
    );
    const packages = { '': manifest, ...Object.fromEntries(fromRegistry) };
    this.write('package.json', JSON.stringify(manifest));
    this.write('package-lock.json', JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
    await this.run('npm install --prefer-offline --no-audit --no-fund');
  }

  manifest(): object {
    return json(join(this.folder, 'package.json'));
  }

  async remove(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Of a user's shell: without what npm and vitest tell the scripts of this workspace. */
function environment(): NodeJS.ProcessEnv {
  const ours = /^(?:npm_(?!config_)|npm_config_local_prefix$|NODE_ENV$|NODE_OPTIONS$|VITEST|PORT$|JWT_SECRET$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

function versionIn(lock: Lock, name: string): string {
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`The README installs ${name}, which the lockfile does not have`);
  return version;
}

function json<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
