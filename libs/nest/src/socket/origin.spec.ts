import { describe, expect, it } from 'vitest';
import { isOriginAllowed } from './origin.js';

const host = 'app.example.com';
const listed = ['https://desk.example.com'];

describe('the origin of a handshake', () => {
  it.each([
    ['no origin: not a browser', undefined, host, true],
    ['a listed one', 'https://desk.example.com', host, true],
    ['the own host', 'https://app.example.com', host, true],
    ['the own host and port', 'http://localhost:3000', 'localhost:3000', true],
    ['another port', 'http://localhost:3001', 'localhost:3000', false],
    ['another host', 'https://evil.example', host, false],
    ['a listed host with another scheme', 'http://desk.example.com', host, false],
    ['a listed host with another port', 'https://desk.example.com:8443', host, false],
    ['a longer host', 'https://app.example.com.evil.example', host, false],
    ['the own host as user name', 'https://app.example.com@evil.example', host, false],
    ['a sandboxed page', 'null', host, false],
    ['a file', 'file://', host, false],
    ['a file, and no host', 'file://', '', false],
    ['two origins', 'https://app.example.com, https://evil.example', host, false],
    ['rubbish', '::', host, false],
    ['nothing', '', host, false],
    ['no host', 'https://app.example.com', undefined, false],
    ['a proxy that rewrites Host', 'https://app.example.com', '10.0.0.7:3000', false],
  ] as const)('%s', (_, origin, requestHost, allowed) => {
    const headers = {
      ...(origin !== undefined && { origin }),
      ...(requestHost !== undefined && { host: requestHost }),
    };
    expect(isOriginAllowed(headers, listed)).toBe(allowed);
  });

  it('behind a proxy that rewrites Host is named in the list', () => {
    const headers = { origin: 'https://app.example.com', host: '10.0.0.7:3000', 'x-forwarded-host': 'evil.example' };
    expect(isOriginAllowed(headers, ['https://app.example.com'])).toBe(true);
    expect(isOriginAllowed({ ...headers, origin: 'https://evil.example' }, [])).toBe(false);
  });
});
