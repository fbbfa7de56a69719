import { describe, expect, it } from 'vitest';
import { isFor, queryRefusal, refusals, wantsPolling, wantsWebsocket } from './handshake-refusal.js';

const request = (url: string, headers = {}) => ({ url, headers });

describe('a request is for Millrace', () => {
  it.each([
    ['/realtime/?EIO=4', true],
    ['/realtime?EIO=4', true],
    ['/realtime/', true],
    ['/realtime', true],
    ['/realtime/#x', true],
    ['/realtime/status', false],
    ['/realtime-x/?EIO=4', false],
    ['/realtimes', false],
    ['/Realtime/', false],
    ['//realtime/', false],
    ['/api/realtime/', false],
    ['/%72ealtime/', false],
    ['/?path=/realtime/', false],
    ['/', false],
    ['', false],
  ])('%s: %s', (url, expected) => {
    expect(isFor('/realtime', request(url))).toBe(expected);
  });

  it('at whatever path it was given, and not without an address', () => {
    expect(isFor('/api/v1/live', request('/api/v1/live/?EIO=4'))).toBe(true);
    expect(isFor('/realtime', { headers: {} })).toBe(false);
  });

  it('as a websocket, whatever the case, and not by another upgrade', () => {
    expect(wantsWebsocket(request('/', { upgrade: 'WebSocket' }))).toBe(true);
    for (const headers of [{ upgrade: 'h2c' }, {}]) expect(wantsWebsocket(request('/', headers))).toBe(false);
  });

  it('as polling only when it names the protocol, so that routes of the application can be there', () => {
    expect(wantsPolling(request('/realtime/?EIO=4&transport=polling'))).toBe(true);
    for (const url of ['/realtime/', '/realtime/?page=2', '/realtime/#?EIO=4'])
      expect(wantsPolling(request(url))).toBe(false);
  });
});

describe('the query of a handshake', () => {
  it.each([
    ['EIO=4&transport=websocket', undefined],
    ['transport=websocket&EIO=4&t=abc&own=1', undefined],
    ['EIO=4&transport=polling', refusals.notWebsocket],
    ['EIO=4&transport=webtransport', refusals.notWebsocket],
    ['EIO=4', refusals.notWebsocket],
    ['', refusals.notWebsocket],
    ['EIO=3&transport=websocket', refusals.oldProtocol],
    ['transport=websocket', refusals.oldProtocol],
    ['EIO=4&transport=websocket&sid=abc', refusals.hasId],
    ['EIO=4&transport=websocket&sid=', refusals.hasId],
    ['EIO=4&transport=websocket&sid=__proto__', refusals.hasId],
  ])('%s', (query, expected) => {
    expect(queryRefusal(request(`/realtime/?${query}`))).toBe(expected);
  });
});
