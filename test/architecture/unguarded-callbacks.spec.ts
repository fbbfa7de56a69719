import { expect, it } from 'vitest';
import { readSourceTree } from './source-tree.js';
import { unguardedCallbacks } from './unguarded-callbacks.js';

it('no timer and no listener of the server library can end the process by what it throws', () => {
  expect(unguardedCallbacks(readSourceTree())).toEqual([]);
});

it.each([
  ['a timer', 'setTimeout(() => this.look(), 5);'],
  ['a turn of the loop', 'setImmediate(task);'],
  ['a tick', 'process.nextTick(() => this.look());'],
  ['a listener', "socket.on('data', (data) => this.take(data));"],
  ['a listener by name', "socket.once('close', this.#closed);"],
  ['a listener of everything', 'socket.onAny((name) => this.take(name));'],
  ['a listener in a listener', "pool.on('connect', (client) => client.on('error', (error) => this.lost(error)));"],
])('%s without a net is found', (_what, text) => {
  expect(unguardedCallbacks(new Map([['libs/nest/src/hub/any.ts', text]]))).not.toEqual([]);
});

it.each([
  ['under a net', "socket.on('data', safely('A frame', (data) => this.take(data)));"],
  ['named, under a net', "const taken = safely('A frame', take); socket.on('data', taken);"],
  ['that does nothing', "socket.on('error', () => {});"],
  ['that resolves', "socket.once('close', () => resolve());"],
])('a listener %s is none', (_what, text) => {
  expect(unguardedCallbacks(new Map([['libs/nest/src/hub/any.ts', text]]))).toEqual([]);
});
