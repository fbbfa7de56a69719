import { withoutIds, type NeighbourCase } from './neighbour-case.js';

/** What a client hears after it has said these things, each packet one answer. */
const dialogue = (
  name: string,
  says: readonly (string | Buffer)[],
  hears: readonly (string | Buffer)[],
  namespace = '',
): NeighbourCase => ({
  name,
  look: async (app) => {
    const client = await app.joined(namespace);
    for (const packet of says) client.send(packet);
    const heard: unknown[] = [];
    for (let count = 0; count < hears.length; count++) heard.push(await client.said());
    return heard;
  },
  expected: hears,
});

const opening = (name: string, says: readonly string[], hears: readonly string[]): NeighbourCase => ({
  name,
  look: async (app) => {
    const client = await app.websocket();
    await client.next();
    for (const packet of says) client.send(packet);
    const heard: string[] = [];
    for (let count = 0; count < hears.length; count++) heard.push(withoutIds(String(await client.said())));
    return heard;
  },
  expected: hears,
});

/** The protocol of Socket.IO, version 5, step by step from its document. */
export const socketIoCases: readonly NeighbourCase[] = [
  opening('the root namespace lets in', ['40'], ['40{"sid":"…"}', '42["auth",{}]']),
  opening(
    'the root namespace lets in with a payload',
    ['40{"token":"123"}'],
    ['40{"sid":"…"}', '42["auth",{"token":"123"}]'],
  ),
  opening('another namespace lets in', ['40/custom,'], ['40/custom,{"sid":"…"}', '42/custom,["auth",{}]']),
  opening(
    'another namespace lets in with a payload',
    ['40/custom,{"token":"abc"}'],
    ['40/custom,{"sid":"…"}', '42/custom,["auth",{"token":"abc"}]'],
  ),
  opening('an unknown namespace is refused', ['40/random'], ['44/random,{"message":"Invalid namespace"}']),
  opening(
    'a middleware of the application refuses',
    ['40/guarded,'],
    ['44/guarded,{"message":"not you","data":{"why":"test"}}'],
  ),
  {
    name: 'a gateway in a namespace of Millrace’s name answers',
    look: async (app) => {
      const client = await app.websocket();
      await client.next();
      client.send('40/realtime,');
      const joined = withoutIds(String(await client.said()));
      client.send('42/realtime,1["say","hi"]');
      return [joined, await client.said()];
    },
    expected: ['40/realtime,{"sid":"…"}', '43/realtime,1["heard hi"]'],
  },
  opening('nobody who asks for no namespace stays', [], ['closed']),
  opening('a packet that is none ends the connection', ['4abc'], ['closed']),
  opening('an event before any namespace ends the connection', ['42["message",1]'], ['closed']),
  {
    name: 'leaving one namespace leaves the other',
    look: async (app) => {
      const client = await app.joined();
      client.send('40/custom,');
      for (let answer = 0; answer < 2; answer++) await client.said();
      client.send('41');
      client.send('42/custom,["message","kept"]');
      return client.said();
    },
    expected: '42/custom,["message-back","kept"]',
  },
  dialogue('events come back', ['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']),
  dialogue(
    'events come back in a namespace',
    ['42/custom,["message",null]'],
    ['42/custom,["message-back",null]'],
    '/custom,',
  ),
  dialogue(
    'binary events come back',
    [
      '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      Buffer.from([1, 2, 3]),
      Buffer.from([4, 5, 6]),
    ],
    [
      '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      Buffer.from([1, 2, 3]),
      Buffer.from([4, 5, 6]),
    ],
  ),
  dialogue(
    'events are acknowledged',
    ['42456["message-with-ack",1,"2",{"3":[false]}]'],
    ['43456[1,"2",{"3":[false]}]'],
  ),
  dialogue(
    'binary events are acknowledged',
    [
      '452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      Buffer.from([1]),
      Buffer.from([2]),
    ],
    ['462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', Buffer.from([1]), Buffer.from([2])],
  ),
  ...['42{}', '42[]', '42["connect"]', '42["disconnecting"]', '4', '47'].map((packet) =>
    dialogue(`the packet ${packet} ends the connection`, [packet], ['closed']),
  ),
  dialogue(
    'text where a binary part belongs ends the connection',
    ['451-["message",{"_placeholder":true,"num":0}]', '42["message"]'],
    ['closed'],
  ),
];
