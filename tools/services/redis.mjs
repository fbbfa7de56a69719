import { once } from 'node:events';
import { connect } from 'node:net';
import { inPath } from '../process/workspace.mjs';
import { dockerUsable, inDocker } from './docker.mjs';
import { startGuarded } from './guarded.mjs';

const settings = ['--save', '', '--appendonly', 'no'];

export const redis = {
  name: 'redis',
  wanted: 'Redis 7 or newer (or set REDIS_URL)',
  packages: ['redis-server'],

  find() {
    if (process.env.REDIS_URL) return async () => ({ env: { REDIS_URL: process.env.REDIS_URL }, stop: async () => {} });
    return this.findInstalled() ?? (dockerUsable() ? () => start(container) : undefined);
  },

  findInstalled() {
    const [binary] = inPath('redis-server');
    return binary && (() => start((place) => installed(binary, place)));
  },
};

async function start(commands) {
  const guarded = await startGuarded({ name: 'redis', commands, probe });
  return { ...guarded, env: { REDIS_URL: `redis://127.0.0.1:${guarded.port}` } };
}

const installed = (binary, { folder, port }) => ({
  serve: [binary, '--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, ...settings],
});

const container = ({ port }) =>
  inDocker({ image: 'redis:7-alpine', publish: `127.0.0.1:${port}:6379`, args: ['redis-server', ...settings] });

async function probe(port) {
  const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
  try {
    socket.write('PING\r\n');
    const [answer] = await Promise.race([
      once(socket, 'data'),
      once(socket, 'timeout').then(() => Promise.reject(new Error('redis did not answer in time'))),
      once(socket, 'end').then(() => Promise.reject(new Error('redis closed the connection'))),
    ]);
    if (!`${answer}`.startsWith('+PONG')) throw new Error(`redis answered ${answer}`);
  } finally {
    socket.destroy();
  }
}
