import { createHash, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const giveUpAfterMs = 10 * 60_000;

/**
 * Runs `work` while no other process of this user does for the same `subject`. The lock is a file that names its
 * owner, outside of the work tree since an install empties node_modules; the lock of a killed owner is taken over.
 *
 * @template T
 * @param {string} subject
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function exclusively(subject, work) {
  const key = createHash('sha256').update(subject).digest('hex').slice(0, 16);
  const lock = join(tmpdir(), `millrace-setup-${process.getuid?.() ?? 'user'}-${key}.lock`);
  const mine = { file: `${lock}.${randomUUID()}`, content: `${process.pid} ${randomUUID()}` };
  writeFileSync(mine.file, mine.content);
  try {
    await acquire(lock, mine);
  } finally {
    rmSync(mine.file, { force: true });
  }
  try {
    return await work();
  } finally {
    if (read(lock) === mine.content) rmSync(lock);
  }
}

async function acquire(lock, mine) {
  const giveUpAt = Date.now() + giveUpAfterMs;
  for (let told = false; ; told = true) {
    if (tryLink(mine.file, lock)) return;
    const owner = read(lock);
    if (owner !== undefined && !isAlive(owner)) {
      // Two may see the same dead owner. The later rename wins, and the pause lets it happen before either looks.
      writeFileSync(`${mine.file}.over`, mine.content);
      renameSync(`${mine.file}.over`, lock);
      await sleep(300);
      if (read(lock) === mine.content) return;
    }
    if (!told) console.log('Waiting for another set-up of this folder');
    if (Date.now() > giveUpAt)
      throw new Error(`Another set-up still runs after 10 minutes; if it does not, remove ${lock}`);
    await sleep(200);
  }
}

/** Unlike opening with "wx", a link puts the file there with its content at once. */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(owner) {
  try {
    process.kill(Number.parseInt(owner, 10), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
