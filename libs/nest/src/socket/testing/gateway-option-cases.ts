import { withoutIds, type Neighbour, type NeighbourCase } from './neighbour-case.js';

const POLL = '?EIO=4&transport=polling';
const opened = async (app: Neighbour, path: string) => ({ ...(await app.polling(`${path}/`)).opened, sid: '…' });
const statusOf = async (app: Neighbour, path: string, query?: string) =>
  (await app.websocket(query, `${path}/`)).status;

/** A gateway that says something only when it is the one that was asked. */
const isHeard = async (app: Neighbour, path: string): Promise<unknown> => {
  const client = await app.websocket('EIO=4&transport=websocket', path);
  await client.said();
  client.send('40');
  await client.said();
  client.send('421["say","hi"]');
  return client.said();
};

/** Every option that a gateway of an application may have does what it does without Millrace. */
export const gatewayOptionCases: readonly NeighbourCase[] = [
  {
    name: 'cors',
    look: (app) =>
      Promise.all([
        app.ask(`/full/${POLL}&sid=x`, { headers: { origin: 'https://page.example' } }, [
          'access-control-allow-origin',
          'access-control-allow-credentials',
        ]),
        app.ask('/full/', { method: 'OPTIONS' }, ['access-control-allow-origin']),
        app.ask(`/realtime/below/${POLL}&sid=x`, { headers: { origin: 'https://page.example' } }, [
          'access-control-allow-origin',
        ]),
      ]),
    expected: [
      [400, expect400(1), 'https://page.example', 'true'],
      [204, '', 'https://page.example'],
      [400, expect400(1), null],
    ],
  },
  {
    name: 'maxHttpBufferSize',
    look: async (app) => {
      const polling = await app.polling('/full/');
      const client = await app.websocket('EIO=4&transport=websocket', '/full/');
      await client.said();
      client.send('4'.repeat(101));
      return [polling.opened['maxPayload'], (await polling.post('4'.repeat(101)))[0], await client.said()];
    },
    expected: [100, 413, 'closed'],
  },
  {
    name: 'pingInterval and pingTimeout',
    look: (app) => opened(app, '/full'),
    expected: { sid: '…', upgrades: [], pingInterval: 111, pingTimeout: 222, maxPayload: 100 },
  },
  {
    name: 'serveClient, on, off and by default',
    look: async (app) => {
      const file = async (path: string) =>
        (await fetch(`${app.origin}${path}/socket.io.min.js`, { method: 'HEAD' })).status;
      return Promise.all([file('/full'), file('/realtime-x'), file('/socket.io')]);
    },
    expected: [200, 400, 200],
  },
  {
    name: 'allowEIO3',
    look: async (app) => [
      (await app.ask('/full/?EIO=3&transport=polling'))[0],
      (await app.ask('/socket.io/?EIO=3&transport=polling'))[0],
      await statusOf(app, '/full', 'EIO=3&transport=websocket'),
    ],
    expected: [200, 400, 101],
  },
  {
    name: 'connectionStateRecovery',
    look: async (app) => {
      const client = await app.websocket('EIO=4&transport=websocket', '/full/');
      await client.said();
      client.send('40');
      return withoutIds(String(await client.said()));
    },
    expected: '40{"sid":"…","pid":"…"}',
  },
  {
    name: 'an allowRequest that refuses everybody',
    look: async (app) => [await app.ask(`/nobody/${POLL}`), await statusOf(app, '/nobody')],
    expected: [[403, '{"code":4,"message":"not today"}'], 400],
  },
  {
    name: 'transports',
    look: async (app) => [
      (await opened(app, '/polling')) as unknown,
      await statusOf(app, '/polling'),
      await app.ask(`/realtime-x/${POLL}`),
      await statusOf(app, '/realtime-x'),
    ],
    expected: [
      { sid: '…', upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 },
      0,
      [400, expect400(0)],
      101,
    ],
  },
  {
    name: 'allowUpgrades',
    look: async (app) => (await app.polling('/full/')).opened['upgrades'],
    expected: [],
  },
  {
    name: 'cookie',
    look: async (app) => {
      const response = await fetch(`${app.origin}/full/${POLL}`);
      return response.headers.get('set-cookie')?.replace(/=[^;]+/, '=…');
    },
    expected: 'own=…; Path=/; HttpOnly; SameSite=Lax',
  },
  {
    name: 'perMessageDeflate',
    look: async (app) => {
      const extension = ['Sec-WebSocket-Extensions: permessage-deflate'];
      const heads = ['/full/', '/socket.io/'].map(
        async (path) => (await app.websocket('EIO=4&transport=websocket', path, extension)).head,
      );
      return (await Promise.all(heads)).map((head) => head.includes('permessage-deflate'));
    },
    expected: [true, false],
  },
  {
    name: 'parser',
    look: async (app) => {
      const client = await app.websocket('EIO=4&transport=websocket', '/parsed/');
      await client.said();
      client.send('4{"type":0,"nsp":"/"}');
      const joined = withoutIds(String(await client.said()));
      client.send('4{"type":2,"nsp":"/","id":7,"data":["say","hi"]}');
      return [joined, JSON.parse(String(await client.said()).slice(1))];
    },
    expected: ['4{"type":0,"data":{"sid":"…"},"nsp":"/"}', { id: 7, type: 3, data: ['heard hi'], nsp: '/' }],
  },
  {
    name: 'addTrailingSlash',
    look: (app) => isHeard(app, '/realtime-x'),
    expected: '431["heard hi"]',
  },
  {
    name: 'paths that begin with Millrace’s',
    look: (app) => Promise.all([isHeard(app, '/realtime/below/'), isHeard(app, '/realtime-x/')]),
    expected: ['431["heard hi"]', '431["heard hi"]'],
  },
  {
    name: 'a port of its own',
    look: async (app) => {
      return [(await app.elsewhere.ask(`/elsewhere/${POLL}`))[0], (await app.ask(`/elsewhere/${POLL}`))[0]];
    },
    expected: [200, 404],
  },
  {
    name: 'routes of the application',
    look: (app) => Promise.all([app.ask('/realtime'), app.ask('/realtime/status?EIO=4'), app.ask('/other')]),
    expected: [
      [200, 'a route'],
      [200, 'a route below'],
      [404, '{"message":"Cannot GET /other","error":"Not Found","statusCode":404}'],
    ],
  },
];

function expect400(code: 0 | 1): string {
  return JSON.stringify({ code, message: code === 0 ? 'Transport unknown' : 'Session ID unknown' });
}
