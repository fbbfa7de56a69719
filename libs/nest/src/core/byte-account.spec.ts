import { expect, it } from 'vitest';
import { ByteAccount } from './byte-account.js';

it('lets one buffer alone hold half of the bytes, and leaves room for the others', () => {
  const account = new ByteAccount(1_000);
  for (;;) {
    if (account.room('publishes') < 10) break;
    account.add('publishes', 10);
  }
  expect(account.of('publishes')).toBe(500);
  expect(account.room('holes')).toBe(500);
  account.add('publishes', -100);
  expect(account.room('publishes')).toBe(200);
});

it('tells by how much all of them are above the bound', () => {
  const account = new ByteAccount(1_000);
  account.add('publishes', 400);
  account.set('clients', 600);
  expect(account.excess).toBe(0);
  account.set('clients', 900);
  expect(account.excess).toBe(300);
  expect(account.room('holes')).toBe(0);
});
