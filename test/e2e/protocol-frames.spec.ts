import { readFileSync } from 'node:fs';
import { DEFAULT_PATH, NAMESPACE } from '@millrace/protocol';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

interface Packet {
  readonly from: 'client' | 'server';
  readonly text: string;
}

interface Conversations {
  readonly session: readonly Packet[];
  readonly refused: readonly Packet[];
}

const file = new URL('../../docs/protocol-vectors.json', import.meta.url);
const { conversations } = JSON.parse(readFileSync(file, 'utf8')) as { readonly conversations: Conversations };

/** What is another one in each run. */
const VARIES = new Set([
  'token',
  'session',
  'expiresInMs',
  'epoch',
  'id',
  'event',
  'time',
  'position',
  'since',
  'grant',
]);

/** The text of a packet with a word in the place of what varies. */
function shapeOf({ from, text }: Packet): string {
  const [, head = '', body = ''] = /^(\d+(?:\/realtime,\d*)?)(.*)$/.exec(text) ?? [];
  if (body === '') return `${from} ${head}`;
  // The open packet is Engine.IO's own; its `sid` is no `sid` of a subscribe.
  const isSid = (value: unknown) => typeof value === 'string';
  const shape = JSON.stringify(JSON.parse(body), (key, value: unknown) =>
    (VARIES.has(key) && !/^c-\d$/.test(String(value))) || (key === 'sid' && isSid(value)) ? `<${key}>` : value,
  );
  return `${from} ${head}${shape}`;
}

/** A stock client of Socket.IO, which notes every packet as it crosses the wire. */
class StockClient {
  readonly packets: Packet[] = [];
  readonly socket: Socket;

  constructor(url: string, token: string) {
    const auth = { protocol: 1, token, client: { name: 'example', version: '1' } };
    const options = { path: DEFAULT_PATH, transports: ['websocket'], reconnection: false, autoConnect: false };
    this.socket = io(`${url}${NAMESPACE}`, { ...options, forceNew: true, auth });
    this.socket.connect();
    this.socket.io.engine.on('packet', ({ type, data }) => this.#note('server', type, data));
    this.socket.io.engine.on('packetCreate', ({ type, data }) => this.#note('client', type, data));
  }

  ask(name: string, body: object): Promise<unknown> {
    return this.socket.timeout(5_000).emitWithAck(name, body);
  }

  shapes(from: Packet['from']): string[] {
    return this.packets.filter((packet) => packet.from === from).map(shapeOf);
  }

  #note(from: Packet['from'], type: string, data: unknown): void {
    const number = { open: '0', message: '4' }[type];
    if (number !== undefined) this.packets.push({ from, text: `${number}${String(data)}` });
  }
}

const shapes = (packets: readonly Packet[], from: Packet['from']) =>
  packets.filter((packet) => packet.from === from).map(shapeOf);

describe('the conversations of docs/protocol-vectors.json', () => {
  let stage: Stage;
  const clients: StockClient[] = [];
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(async () => {
    for (const { socket } of clients) socket.disconnect();
    await stage.clear();
  });

  function connect(token: string): StockClient {
    const client = new StockClient(stage.node.url, token);
    clients.push(client);
    return client;
  }

  it('are what a stock client and a node really say to each other in a session', async () => {
    const client = connect(await signToken(stage.secret, 'ann'));
    let welcomed = false;
    client.socket.on('control', () => (welcomed = true));
    await until('it is welcome', () => welcomed);
    const { items } = (await client.ask('subscribe', {
      items: [
        { channel: 'board.red', sid: 1 },
        { channel: 'board.private-x', sid: 2 },
      ],
    })) as { items: readonly { sid: number; position: string; grant: string }[] };
    const heard = new Promise((resolve) => client.socket.once('events', resolve));
    await client.ask('command', { id: 'c-1', name: 'note.write', data: { board: 'red', text: 'hello' } });
    await heard;
    await client.ask('command', { id: 'c-2', name: 'note.write', data: { board: 'red' } });
    const { position: since, grant } = items.find(({ sid }) => sid === 1) ?? {};
    await client.ask('subscribe', { items: [{ channel: 'board.red', sid: 3, since, grant }] });
    await client.ask('history', { channel: 'board.red', limit: 10 });
    await client.ask('unsubscribe', { channels: ['board.red'] });
    client.socket.disconnect();
    expect(client.shapes('client')).toEqual(shapes(conversations.session, 'client'));
    // Answer and event of a command come in one order or the other.
    expect(client.shapes('server').toSorted()).toEqual(shapes(conversations.session, 'server').toSorted());
  });

  it('are what they say to each other when the token is refused', async () => {
    const client = connect('wrong');
    await new Promise((resolve) => client.socket.once('connect_error', resolve));
    expect(client.shapes('client')).toEqual(shapes(conversations.refused, 'client'));
    expect(client.shapes('server').slice(1)).toEqual(shapes(conversations.refused, 'server'));
  });
});
