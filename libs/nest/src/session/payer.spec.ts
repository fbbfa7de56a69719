import { expect, it } from 'vitest';
import { payerOf } from './payer.js';

const peer = { address: '203.0.113.7', headers: {} };

it('counts what a session costs against its subject', () => {
  expect(payerOf({ principal: {}, subject: 'ann' }, peer)).toBe('subject ann');
});

it('counts visitors without a name by their networks, which no subject can pass for', () => {
  const visitor = { principal: {}, subject: 'visitor', isAnonymous: true };
  expect(payerOf(visitor, peer)).toBe('network 203.0.113.7');
  expect(payerOf(visitor, { ...peer, address: '203.0.113.8' })).not.toBe(payerOf(visitor, peer));
  expect(payerOf({ principal: {}, subject: 'network 203.0.113.7' }, peer)).not.toBe(payerOf(visitor, peer));
});
