/** Scripts and styles are files of this server, and so is the socket; the icon is in the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Response {
  setHeader(name: string, value: string): unknown;
}

/** What a browser may do with the page, and with any other answer that it is led to take for one. */
export function withHeaders(_request: unknown, response: Response, next: () => void): void {
  response.setHeader('Content-Security-Policy', POLICY);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  next();
}
