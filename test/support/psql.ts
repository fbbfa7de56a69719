import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { serviceAddress } from './service-address.js';

interface PsqlAnswer {
  readonly code: number | null;
  /** What the statements returned, a row a line. */
  readonly rows: readonly string[];
  readonly stderr: string;
}

const TIMEOUT_MS = 20_000;

/** Runs a script in a process of `psql`, which ends at the first error. */
export async function psql(database: string, script: string): Promise<PsqlAnswer> {
  const { hostname, port, pathname, username, password } = new URL(database);
  const child = spawn(serviceAddress('PSQL_PATH'), ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'], {
    // Not among the arguments, which every user of this machine can read.
    env: {
      ...process.env,
      PGHOST: hostname,
      PGPORT: port,
      PGDATABASE: pathname.slice(1),
      PGUSER: decodeURIComponent(username),
      PGPASSWORD: decodeURIComponent(password),
    },
    timeout: TIMEOUT_MS,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(script);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, rows: stdout.split('\n').filter((line) => line !== ''), stderr };
}
