import { expect, it, vi } from 'vitest';
import { BootError } from '../../core/boot-error.js';
import { PgliteDatabase } from './pglite-database.js';

vi.mock('@electric-sql/pglite', () => {
  throw new Error('Cannot find package');
});

it('says what to install when PGlite is missing', async () => {
  const missing = new PgliteDatabase().query('select 1', []);
  await expect(missing).rejects.toThrow(BootError);
  await expect(missing).rejects.toThrow('npm install @electric-sql/pglite');
});
