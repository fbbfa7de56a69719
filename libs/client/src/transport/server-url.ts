import { optionInvalid } from '../option-invalid.js';

/** The page that the program is part of, if any. */
type Page = { readonly protocol: string } | undefined;

/** Browsers let a secure page speak to these without TLS. */
const LOCAL = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$|\.localhost$/;

/** @throws RealtimeError `OPTION_INVALID` when no server can be reached by it */
export function checkUrl({ url, path }: { readonly url: string; readonly path: string }, page: Page): void {
  const given = `url is "${url}"`;
  if (!path.startsWith('/')) throw optionInvalid(`path is "${path}"; it must begin with /`);
  if (url.startsWith('/')) {
    if (!page) throw optionInvalid(`${given}, and there is no page; name scheme and host`);
    if (/^\/+$/.test(url)) return;
    if (!url.startsWith('//')) throw optionInvalid(withPath(given, url));
  }
  const parsed = parse(page && url.startsWith('//') ? page.protocol + url : url);
  if (!parsed || !/^(?:https?|wss?):$/.test(parsed.protocol)) {
    throw optionInvalid(`${given}; it needs a scheme and a host, such as https://api.example.com`);
  }
  if (parsed.search || parsed.hash) throw optionInvalid(`${given}; it must end with the host and port`);
  if (!/^\/*$/.test(parsed.pathname)) throw optionInvalid(withPath(given, parsed.pathname));
  const isPlain = parsed.protocol === 'http:' || parsed.protocol === 'ws:';
  if (page?.protocol === 'https:' && isPlain && !LOCAL.test(parsed.hostname)) {
    throw optionInvalid(`${given}, which an https page may not open; use https`);
  }
}

const withPath = (given: string, path: string): string =>
  `${given}, with a path; if the server is behind it, say path: "${path.replace(/\/+$/, '')}/realtime"`;

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
