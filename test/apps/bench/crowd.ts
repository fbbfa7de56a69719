import { randomUUID } from 'node:crypto';
import { DEFAULT_PATH, NAMESPACE, PROTOCOL_VERSION, type SubscribeAnswers } from '@millrace/protocol';
import { io, type Socket } from 'socket.io-client';
import { COMMANDS } from './contracts.js';
import { answerParent } from './remote.js';
import { signToken } from './token.js';
import { sharedNow } from './usage.js';

export type Side = 'millrace' | 'stock';

export interface Received {
  readonly events: number;
  readonly frames: number;
  readonly bytes: number;
}

interface Frame {
  readonly events: readonly { readonly data: string }[];
}

const sockets: Socket[] = [];
let received = { events: 0, frames: 0, bytes: 0 };
/** When each event came to the first client. */
let arrivals: [n: number, at: number][] = [];
let token: Promise<string> | undefined;

async function open(url: string): Promise<Socket> {
  const auth = {
    protocol: PROTOCOL_VERSION,
    token: await (token ??= signToken('ada')),
    client: { name: 'bench', version: '1' },
  };
  const socket = io(url + NAMESPACE, {
    path: DEFAULT_PATH,
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

async function subscribe(socket: Socket, side: Side, room: string, since?: string): Promise<unknown> {
  const item = { sid: 1, channel: `feed.${room}`, ...(since !== undefined && { since }) };
  const answer: unknown = await socket.emitWithAck('subscribe', side === 'stock' ? { room } : { items: [item] });
  return answer;
}

function listen(socket: Socket, isFirst: boolean): void {
  socket.on('events', ({ events }: Frame) => {
    received.frames++;
    received.events += events.length;
    if (!isFirst) return;
    const at = sharedNow();
    for (const { data } of events) arrivals.push([(JSON.parse(data) as { n: number }).n, at]);
  });
  socket.io.engine.on('packet', ({ type, data }: { type: string; data?: unknown }) => {
    if (type === 'message' && typeof data === 'string') received.bytes += Buffer.byteLength(data);
  });
}

/** A few at a time, as a load balancer lets them in. */
async function openMany(
  url: string,
  count: number,
  arrived: (socket: Socket, index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const enter = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const socket = await open(url);
      sockets.push(socket);
      await arrived(socket, index);
    }
  };
  await Promise.all(Array.from({ length: 32 }, enter));
}

function send(socket: Socket, side: Side, index: number): Promise<unknown> {
  const name = COMMANDS[index % COMMANDS.length]!;
  const data = { item: 'lamp', count: 1 + (index % 100) };
  return side === 'stock'
    ? socket.emitWithAck(name, data)
    : socket.emitWithAck('command', { id: randomUUID(), name, data });
}

export const crowd = {
  connect: (url: string, count: number): Promise<void> => openMany(url, count, () => Promise.resolve()),

  subscribe: (url: string, side: Side, room: string, count: number): Promise<void> =>
    openMany(url, count, (socket, index) => {
      listen(socket, index === 0);
      return subscribe(socket, side, room);
    }),

  /** Time in ms until all are connected and, when they stand at `since`, have what they missed. */
  async resume(url: string, count: number, room: string, since: string | null, expected: number): Promise<number> {
    const startedAt = performance.now();
    await openMany(url, count, async (socket) => {
      if (since === null) return;
      const answer = (await subscribe(socket, 'millrace', room, since)) as SubscribeAnswers;
      const [one] = answer.items;
      if (one?.outcome !== 'recovered' || one.events.length !== expected)
        throw new Error(`Not recovered: ${JSON.stringify(answer).slice(0, 200)}`);
    });
    return performance.now() - startedAt;
  },

  /** Where a fresh subscriber of `room` stands. */
  async position(url: string, room: string): Promise<string> {
    const socket = await open(url);
    const answer = (await subscribe(socket, 'millrace', room)) as SubscribeAnswers;
    socket.disconnect();
    const [one] = answer.items;
    if (one?.outcome !== 'fresh') throw new Error(`Not subscribed: ${JSON.stringify(answer)}`);
    return one.position;
  },

  /** Sends commands, `inFlight` at a time over all connections, and waits for every answer. */
  async command(side: Side, count: number, inFlight: number): Promise<void> {
    let next = 0;
    const sender = async (): Promise<void> => {
      while (next < count) {
        const index = next++;
        const answer = await send(sockets[index % sockets.length]!, side, index);
        if (!JSON.stringify(answer).includes('"total"')) throw new Error(`Refused: ${JSON.stringify(answer)}`);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, sender));
  },

  /** Waits until so many events have come in all, and begins to count anew. */
  async receive(events: number): Promise<Received> {
    const giveUpAt = performance.now() + 30_000;
    while (received.events < events) {
      if (performance.now() > giveUpAt) throw new Error(`${received.events} of ${events} events came`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const counts = received;
    received = { events: 0, frames: 0, bytes: 0 };
    return counts;
  },

  takeArrivals(): [n: number, at: number][] {
    const taken = arrivals;
    arrivals = [];
    return taken;
  },

  async leave(): Promise<void> {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 300));
  },
};

export type Crowd = typeof crowd;

answerParent(crowd);
