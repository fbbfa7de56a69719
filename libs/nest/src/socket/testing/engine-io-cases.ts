import { setTimeout as sleep } from 'node:timers/promises';
import type { NeighbourCase } from './neighbour-case.js';

const OPENED = { sid: '…', upgrades: ['websocket'], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 };
const refused = (code: number, message: string) => [400, JSON.stringify({ code, message })];

/** The protocol of Engine.IO, version 4, step by step from its document; Socket.IO lies on it. */
export const engineIoCases: readonly NeighbourCase[] = [
  {
    name: 'polling opens',
    look: async (app) => ({ ...(await app.polling()).opened, sid: '…' }),
    expected: OPENED,
  },
  {
    name: 'polling is refused without a version, a transport, and with what is none',
    look: (app) =>
      Promise.all([
        app.ask('/socket.io/?transport=polling'),
        app.ask('/socket.io/?EIO=abc&transport=polling'),
        app.ask('/socket.io/?EIO=4'),
        app.ask('/socket.io/?EIO=4&transport=carrier-pigeon'),
        app.ask('/socket.io/?EIO=4&transport=polling', { method: 'POST' }),
        app.ask('/socket.io/?EIO=4&transport=polling&sid=nobody'),
      ]),
    expected: [
      refused(5, 'Unsupported protocol version'),
      refused(5, 'Unsupported protocol version'),
      refused(0, 'Transport unknown'),
      refused(0, 'Transport unknown'),
      refused(2, 'Bad handshake method'),
      refused(1, 'Session ID unknown'),
    ],
  },
  {
    name: 'a websocket opens',
    look: async (app) => {
      const client = await app.websocket();
      const opened = String(await client.next());
      return [client.status, opened.slice(0, 1), { ...(JSON.parse(opened.slice(1)) as object), sid: '…' }];
    },
    expected: [101, '0', { ...OPENED, upgrades: [] }],
  },
  {
    name: 'a websocket is refused without a version, a transport, and with what is none',
    look: (app) =>
      Promise.all(
        ['EIO=4', 'EIO=4&transport=carrier-pigeon', 'EIO=4&transport=websocket&sid=nobody'].map(
          async (query) => (await app.websocket(query)).status,
        ),
      ),
    expected: [400, 400, 400],
  },
  {
    name: 'polling carries one message, several in one body, and binary ones',
    look: async (app) => {
      const client = await app.polling();
      const posted = await client.post('40');
      const joined = await client.packets();
      await client.post(['42["message",1]', '42["message",2]'].join('\x1e'));
      const two = await client.packets();
      await client.post(['451-["message",{"_placeholder":true,"num":0}]', 'bAQID'].join('\x1e'));
      return [posted, joined.map((one) => one.slice(0, 2)), two, await client.packets()];
    },
    expected: [
      [200, 'ok'],
      ['40', '42'],
      ['42["message-back",1]', '42["message-back",2]'],
      ['451-["message-back",{"_placeholder":true,"num":0}]', 'bAQID'],
    ],
  },
  {
    name: 'polling ends with a body that is no packet',
    look: async (app) => {
      const client = await app.polling();
      const posted = await client.post('abc');
      return [posted[0], (await client.poll())[0]];
    },
    expected: [200, 400],
  },
  {
    name: 'polling ends when a second request waits beside the first',
    look: async (app) => {
      const client = await app.polling();
      const statuses = await Promise.all([client.poll(), client.poll()]);
      return statuses.map(([status]) => status).toSorted((a, b) => a - b);
    },
    expected: [200, 400],
  },
  {
    name: 'a websocket ends with a message that is no packet',
    look: async (app) => {
      const client = await app.websocket();
      await client.next();
      client.send('abc');
      return client.said();
    },
    expected: 'closed',
  },
  {
    name: 'polling is pinged, and ends when it does not answer',
    look: async ({ elsewhere }) => {
      const [lively, dead] = await Promise.all([elsewhere.polling(), elsewhere.polling()]);
      const beats: string[] = [];
      const [first] = await Promise.all([
        dead.poll(),
        (async () => {
          for (let beat = 0; beat < 2; beat++) {
            beats.push((await lively.poll())[1]);
            await lively.post('3');
          }
        })(),
      ]);
      await sleep(2_000);
      return [beats, first[1], (await dead.poll())[0]];
    },
    expected: [['2', '2'], '2', 400],
  },
  {
    name: 'a websocket is pinged, and ends when it does not answer',
    look: async ({ elsewhere }) => {
      const [lively, dead] = await Promise.all([elsewhere.joined(), elsewhere.joined()]);
      const beats = [await lively.next()];
      lively.send('3');
      beats.push(await lively.next());
      return [beats, await dead.next(), await dead.next()];
    },
    expected: [['2', '2'], '2', 'closed'],
  },
  {
    name: 'polling is closed by the client, and its waiting request is answered',
    look: async (app) => {
      const client = await app.polling();
      const [[, waiting]] = await Promise.all([client.poll(), client.post('1')]);
      return [waiting, (await client.poll())[0]];
    },
    expected: ['6', 400],
  },
  {
    name: 'polling moves to a websocket, and is refused afterwards',
    look: async (app) => {
      const polling = await app.polling();
      const query = `EIO=4&transport=websocket&sid=${polling.sid}`;
      const client = await app.websocket(query);
      client.send('2probe');
      const probed = await client.said();
      client.send('5');
      client.send('40');
      const joined = String(await client.said()).slice(0, 2);
      const second = await app.websocket(query);
      return [probed, joined, (await polling.poll())[0], await second.said()];
    },
    expected: ['3probe', '40', 400, 'closed'],
  },
];
