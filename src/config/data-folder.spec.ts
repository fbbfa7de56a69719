import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataFolder } from './data-folder.js';
import { ConfigError } from './environment.js';

let parent: string;
let folder: string;
const lock = (): string => join(folder, 'owner.pid');

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'departures-data-'));
  folder = join(parent, 'deep', 'data');
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

it('makes the folder, holds it and lets go of it', () => {
  const data = DataFolder.take(folder);
  expect(readFileSync(lock(), 'utf8')).toBe(String(process.pid));
  data.release();
  expect(existsSync(lock())).toBe(false);
});

it('refuses a folder that another process has', () => {
  DataFolder.take(folder);
  writeFileSync(lock(), String(process.ppid));
  expect(() => DataFolder.take(folder)).toThrow(ConfigError);
  expect(() => DataFolder.take(folder)).toThrow(new RegExp(`in use by process ${process.ppid}`));
});

it.each([
  ['of a process that is gone', String(spawnSync(process.execPath, ['-e', '']).pid)],
  ['of this very process id, from before a restart', String(process.pid)],
  ['that was cut short', ''],
])('takes over a lock %s', (_case, content) => {
  DataFolder.take(folder).release();
  writeFileSync(lock(), content);
  DataFolder.take(folder);
  expect(readFileSync(lock(), 'utf8')).toBe(String(process.pid));
});

it('leaves the lock of the next owner alone', () => {
  const data = DataFolder.take(folder);
  writeFileSync(lock(), String(process.ppid));
  data.release();
  expect(existsSync(lock())).toBe(true);
});
