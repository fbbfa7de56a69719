import { expect, it } from 'vitest';
import { FakeClock } from '../../../core/testing/fake-clock.js';
import { InstallationKeys } from '../../store/installation-keys.js';
import type { StreamHarness } from '../stream-harness.js';

export function secretsContract(harness: () => StreamHarness): void {
  const MINUTE = 60_000;
  const open = async () => {
    const clock = new FakeClock();
    const keys = new InstallationKeys({ database: harness().database, schema: 'millrace', clock });
    await keys.start();
    return { keys, clock };
  };
  const sql = (text: string) => harness().database.query(text, []);

  it('gives all nodes the same secret, of 32 bytes', async () => {
    await harness().openStore();
    const [a, b] = [await open(), await open()];
    expect(a.keys.current.bytes).toHaveLength(32);
    expect(a.keys.current.bytes.equals(b.keys.current.bytes)).toBe(true);
    expect(a.keys.signer('x').isGenuine('text', b.keys.signer('x').sign('text'))).toBe(true);
    await Promise.all([a.keys.stop(), b.keys.stop()]);
  });

  it('takes a new secret at once, and signs with it when all nodes have it', async () => {
    const { keys, clock } = await open();
    const first = keys.current;
    const [added] = await sql('select millrace.add_secret() as id');
    const id = Number(added?.['id']);
    // The round reads from a real database, so the fake clock does not wait for it.
    const refreshed = async (until: () => boolean) => {
      for (let tries = 0; !until() && tries < 100; tries++) {
        await clock.advance(MINUTE);
        await sql('select 1');
      }
    };
    await refreshed(() => keys.find(id) !== undefined);
    expect(keys.find(id)?.bytes.equals(first.bytes)).toBe(false);
    expect(keys.current).toBe(first);
    await sql(`update millrace.secret set created_at = now() - interval '301 seconds' where id = ${id}`);
    await refreshed(() => keys.current.id === id);
    expect(keys.current.id).toBe(id);
    expect(keys.signer('x').isGenuine('text', keys.signer('x').sign('text'))).toBe(true);
    await sql(`delete from millrace.secret where id = ${first.id}`);
    await refreshed(() => keys.find(first.id) === undefined);
    expect(keys.find(first.id)).toBeUndefined();
    await keys.stop();
  });
}
