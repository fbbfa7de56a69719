import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/**
 * Lets an HTTP server read a request once more, without its wish for an upgrade: what a server does by itself that knows
 * no upgrades. Java's HTTP client, for one, adds `Upgrade: h2c` to whatever it asks.
 */
export function readAsOrdinary(http: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.unshift(Buffer.concat([Buffer.from(headOf(request), 'latin1'), head]));
  http.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at]!, rawHeaders[at + 1]!];
    const kept = name.toLowerCase() === 'connection' ? withoutUpgrade(value) : value;
    if (kept !== undefined) lines.push(`${name}: ${kept}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Without this word `Upgrade: …` asks for nothing; the application sees that header all the same. */
function withoutUpgrade(connection: string): string | undefined {
  const tokens = connection.split(',').map((token) => token.trim());
  const kept = tokens.filter((token) => token.toLowerCase() !== 'upgrade');
  return kept.length === 0 ? undefined : kept.join(', ');
}
