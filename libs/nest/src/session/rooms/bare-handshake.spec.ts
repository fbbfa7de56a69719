import { expect, it } from 'vitest';
import { withBareHandshakes } from './bare-handshake.js';

it('of a handshake nothing travels that lets somebody in', () => {
  const handshake = {
    headers: { cookie: 'sid=1', Authorization: 'Bearer t', 'x-api-key': 'k', 'user-agent': 'u', host: 'h' },
    url: '/socket.io/?token=t',
    query: { token: 't' },
    auth: { password: 'p' },
    address: '::1',
    issued: 1,
  };
  const sockets = [{ id: 'a', rooms: ['r'], data: { count: 1 }, handshake }, { id: 'b' }, null];
  const told = JSON.parse(String(withBareHandshakes(JSON.stringify({ requestId: 'x', sockets })))) as object;
  const bare = { headers: { 'user-agent': 'u', host: 'h' }, url: '/socket.io/', query: {}, auth: {} };
  expect(told).toEqual({
    requestId: 'x',
    sockets: [
      { id: 'a', rooms: ['r'], data: { count: 1 }, handshake: { ...bare, address: '::1', issued: 1 } },
      { id: 'b', handshake: { ...bare, headers: {}, url: '' } },
      { handshake: { ...bare, headers: {}, url: '' } },
    ],
  });
});

it.each([
  ['a packet', Buffer.from('"handshake"')],
  ['a question', '{"requestId":"x","type":5}'],
  ['data of the application with that word', '{"type":6,"data":["said","\\"handshake\\""]}'],
])('%s is left as it is', (_what, payload) => {
  expect(withBareHandshakes(payload)).toBe(payload);
});
