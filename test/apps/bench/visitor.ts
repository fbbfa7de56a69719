import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_PATH, NAMESPACE, PROTOCOL_VERSION } from '@millrace/protocol';
import { io, type Socket } from 'socket.io-client';
import { answerParent } from './remote.js';
import { signToken } from './token.js';

/** Times in ms, of each kind of request. */
export interface Times {
  readonly command: readonly number[];
  readonly subscribe: readonly number[];
  readonly history: readonly number[];
}

const PAUSE_MS = 10;
const sockets: Socket[] = [];
let names = 0;
let flood: Promise<unknown> | undefined;
let end = new AbortController();

async function open(url: string, subject: string): Promise<Socket> {
  const auth = { protocol: PROTOCOL_VERSION, token: await signToken(subject), client: { name: 'bench', version: '1' } };
  const transport = { path: DEFAULT_PATH, transports: ['websocket'], forceNew: true, reconnection: false };
  const socket = io(url + NAMESPACE, { ...transport, auth });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

const command = (socket: Socket, name: string): Promise<unknown> =>
  socket.emitWithAck('command', { id: randomUUID(), name, data: {} }) as Promise<unknown>;

const history = (socket: Socket, limit: number): Promise<unknown> =>
  socket.emitWithAck('history', { channel: 'feed.shared', limit }) as Promise<unknown>;

/** Channels whose names were never used before. */
async function visit(socket: Socket, prefix: string, count: number): Promise<unknown> {
  const channels = Array.from({ length: count }, () => `${prefix}.${process.pid}n${++names}`);
  const answer: unknown = await socket.emitWithAck('subscribe', {
    items: channels.map((channel, sid) => ({ channel, sid: sid + 1 })),
  });
  await socket.emitWithAck('unsubscribe', { channels });
  return answer;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const answer = JSON.stringify(await work());
  if (answer.includes('"error"')) throw new Error(`Refused: ${answer}`);
  return performance.now() - startedAt;
}

async function again(work: (round: number) => Promise<unknown>): Promise<void> {
  const { signal } = end;
  for (let round = 0; !signal.aborted; round++) {
    await work(round);
    await sleep(PAUSE_MS);
  }
}

const visitor = {
  async connect(url: string, subject: string, sessions: number): Promise<void> {
    for (let index = 0; index < sessions; index++) sockets.push(await open(url, subject));
  },

  /** One request of each kind at a time, for a while. */
  async measure(forMs: number): Promise<Times> {
    const [socket] = sockets;
    if (!socket) throw new Error('Not connected');
    const until = performance.now() + forMs;
    const repeated = async (work: () => Promise<unknown>): Promise<number[]> => {
      const times: number[] = [];
      for (; performance.now() < until; await sleep(PAUSE_MS)) times.push(await timed(work));
      return times;
    };
    const [commands, subscribes, pages] = await Promise.all([
      repeated(() => command(socket, 'quick.read')),
      repeated(() => visit(socket, 'feed', 1)),
      repeated(() => history(socket, 20)),
    ]);
    return { command: commands, subscribe: subscribes, history: pages };
  },

  /** Every session keeps slow policies, slow commands, pages and never-used names going at once. */
  startFlood(): void {
    end = new AbortController();
    flood = Promise.all(
      sockets.flatMap((socket) => [
        again(() => visit(socket, 'slow', 50)),
        again(() => visit(socket, 'feed', 10)),
        ...Array.from({ length: 32 }, () => again(() => command(socket, 'lazy.read'))),
        ...Array.from({ length: 4 }, (_, index) => again((round) => history(socket, 20 + ((round + index) % 50)))),
      ]),
    );
  },

  async stopFlood(): Promise<void> {
    end.abort();
    await flood;
  },
};

export type Visitor = typeof visitor;
answerParent(visitor);
