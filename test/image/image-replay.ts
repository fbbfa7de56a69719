import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../architecture/source-tree.js';
import { copyOf, named, readDockerfile, readDockerignore, type Copy, type Stage } from '../support/dockerfile.js';

const execute = promisify(execFile);

const WORKDIR = '/app';
/** What only means something in a container: what is left out must be known here. */
const CONTAINER_ONLY = /^install --directory --owner=node --group=node \/data$/;

/**
 * The Dockerfile, carried out in folders instead of containers, on this machine's Node: a stage is a folder, and the
 * files are those that `.dockerignore` lets through.
 */
export class ImageReplay {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-image-'));
  readonly #isIgnored = readDockerignore();
  readonly #stages = readDockerfile();
  readonly #built = new Map<string, Promise<void>>();

  /** Resolves with the working directory of the last stage. */
  async build(): Promise<string> {
    const last = this.#stages.at(-1)?.name ?? '';
    await this.#build(last);
    return this.#at(last, WORKDIR);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Once; stages that do not need each other at the same time. */
  #build(name: string): Promise<void> {
    const stage = this.#stages.find((one) => one.name === name);
    // An image: there is nothing of it here.
    if (!stage) return Promise.resolve();
    const built = this.#built.get(name) ?? this.#buildStage(stage);
    this.#built.set(name, built);
    return built;
  }

  async #buildStage(stage: Stage): Promise<void> {
    const { name, from, instructions } = stage;
    const needed = named(stage, 'COPY').flatMap((instruction) => copyOf(instruction).from ?? []);
    await Promise.all([from, ...needed].map((one) => this.#build(one)));
    mkdirSync(this.#at(name, WORKDIR), { recursive: true });
    if (this.#built.has(from)) copyAll(this.#at(from, '/'), this.#at(name, '/'));
    for (const instruction of instructions) {
      if (instruction.name === 'COPY') this.#copy(name, copyOf(instruction));
      if (instruction.name === 'RUN') await this.#run(name, instruction.text);
    }
  }

  /** As Docker has it: of a folder its content, into the target; of a file itself. */
  #copy(stage: string, { from, sources, target }: Copy): void {
    for (const source of sources) {
      const path = from === undefined ? join(root, source) : this.#at(from, source);
      const isInto = target.endsWith('/') && basename(source).includes('.');
      const to = join(this.#at(stage, WORKDIR), target, isInto ? basename(source) : '');
      const isLetThrough = (file: string): boolean =>
        from !== undefined || !this.#isIgnored(relative(root, file).replaceAll('\\', '/'));
      cpSync(path, to, { recursive: true, verbatimSymlinks: true, filter: isLetThrough });
    }
  }

  #at(stage: string, path: string): string {
    return join(this.#folder, stage, path);
  }

  async #run(stage: string, line: string): Promise<void> {
    if (CONTAINER_ONLY.test(line)) return;
    try {
      await execute('sh', ['-c', line], { cwd: this.#at(stage, WORKDIR), env: environment(), timeout: 120_000 });
    } catch (error) {
      const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
      throw new Error(`${stage}: ${line}\n${stdout}${stderr}`, { cause: error });
    }
  }
}

function copyAll(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** Of a clean machine: without what npm and vitest tell the scripts of this workspace. */
function environment(): NodeJS.ProcessEnv {
  const ours = /^(?:npm_(?!config_)|npm_config_local_prefix$|NODE_ENV$|NODE_OPTIONS$|VITEST)/;
  const rest = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return { ...Object.fromEntries(rest), npm_config_prefer_offline: 'true' };
}
