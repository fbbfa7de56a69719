import type { ChannelName } from '@millrace/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Broker } from '../broker/broker.port.js';
import { FaultyBroker, type Fault } from '../broker/testing/faulty-broker.js';
import { CodedError } from '../core/coded-error.js';
import type { OrderCheck } from '../core/order-check.js';
import { replacing } from '../core/testing/replacing.js';
import type { SqlDatabase } from '../stream/sql-database.port.js';
import type { StreamStore } from '../stream/stream-store.port.js';
import { newChannel } from '../stream/testing/stream-harness.js';
import type { InProcessNode, NodeSeams } from './testing/in-process-node.js';
import { nodesTogether } from './testing/nodes-together.js';

const start = nodesTogether();

/** Long enough for whatever mends a hole, short enough to be waited for when nothing does. */
const MENDED_MS = 1_500;
/** So that the digest does not mend what another guard must. */
const never = { digestIntervalMs: 600_000 };

/** What the room of a node was sent, once it is what the log has or no longer becomes it. */
async function journalAndLog(node: InProcessNode, channel: ChannelName): Promise<[string[], string[]]> {
  const log = await node.log(channel);
  await vi
    .waitFor(() => expect(node.emitted(channel)).toEqual(log), { timeout: MENDED_MS, interval: 10 })
    .catch(() => {});
  return [node.emitted(channel), log];
}

/** `meets` what the batches of a node meet on their way to the others, in turn; later ones meet nothing. */
function losing(...meets: Fault[]): Pick<NodeSeams, 'broker'> {
  return { broker: (inner) => new FaultyBroker(inner, () => meets.shift() ?? 'none') };
}

type Run = (seams: NodeSeams) => Promise<[journal: string[], log: string[]]>;

interface Guard {
  readonly run: Run;
  readonly without: NodeSeams;
}

async function aLostBatchBeforeAnother(seams: NodeSeams): Promise<[string[], string[]]> {
  const [one, other] = await Promise.all([start(losing('none', 'lose')), start({ ...never, ...seams })]);
  const channel = newChannel('hole');
  await other.hub.attach(channel);
  for (let count = 0; count < 3; count++) await one.publish(channel);
  return journalAndLog(other, channel);
}

const unchecked: OrderCheck = (_, batch) => ({ kind: 'next', batch });

async function aLostLastBatch(seams: NodeSeams): Promise<[string[], string[]]> {
  const [one, other] = await Promise.all([start(losing('none', 'lose')), start({ digestIntervalMs: 100, ...seams })]);
  const channel = newChannel('last');
  await other.hub.attach(channel);
  for (let count = 0; count < 2; count++) await one.publish(channel);
  return journalAndLog(other, channel);
}

const blind = (inner: StreamStore): StreamStore =>
  replacing(inner, { digest: async (after) => ({ ...(await inner.digest(after)), heads: [] }) });

/** The event is numbered when the head was read and is not yet known. */
async function anEventRightBehindTheHead(seams: NodeSeams): Promise<[string[], string[]]> {
  const one = await start();
  const channel = newChannel('attach');
  const other = await start({
    ...never,
    ...seams,
    store: (inner) =>
      replacing(inner, {
        head: async (name) => {
          const head = await inner.head(name);
          if (name === channel) await one.publish(channel);
          return head;
        },
      }),
  });
  await other.hub.attach(channel);
  return journalAndLog(other, channel);
}

/** Says that it has subscribed, and does so when the head has been read long since. */
const late = (inner: Broker): Broker =>
  replacing(inner, {
    subscribe: (channel) => {
      setTimeout(() => void inner.subscribe(channel), 300);
      return Promise.resolve();
    },
  });

/** The connection of a pass breaks before its commit; then somebody else's event is first. */
async function aPassThatDies(seams: NodeSeams): Promise<[string[], string[]]> {
  const [one, other] = await Promise.all([start({ database: dying(), ...seams }), start(never)]);
  const channel = newChannel('commit');
  await other.hub.attach(channel);
  await Promise.allSettled([one.publish(channel)]);
  await other.publish(channel);
  return journalAndLog(other, channel);
}

/** Rolls back the first pass that numbers something; whoever called it is told so, or got the answer before. */
function dying(answers: 'after the commit' | 'before the commit' = 'after the commit') {
  let died = false;
  return (inner: SqlDatabase): SqlDatabase =>
    replacing(inner, {
      pass: {
        query: async (sql, params) => {
          if (died || !sql.includes('.pass(') || params[3] === null) return inner.pass.query(sql, params);
          died = true;
          const transaction = await inner.begin();
          const rows = await transaction.query(sql, params);
          await transaction.rollback();
          if (answers === 'before the commit') return rows;
          throw new CodedError('STREAM_UNAVAILABLE', { outcome: 'unknown' });
        },
      },
    });
}

const guards: [string, Guard][] = [
  ['the check of the order', { run: aLostBatchBeforeAnother, without: { checkOrder: unchecked } }],
  ['the look into the log', { run: aLostLastBatch, without: { store: blind } }],
  ['subscribing before the head is read', { run: anEventRightBehindTheHead, without: { broker: late } }],
  ['committing before the broker is told', { run: aPassThatDies, without: { database: dying('before the commit') } }],
];

describe('two nodes: the journal of one is the log, whoever numbers', () => {
  it.each(guards)('with %s', async (_name, { run }) => {
    const [journal, log] = await run({});
    expect(log.length).toBeGreaterThan(0);
    expect(journal).toEqual(log);
  });

  it.each(guards)('and not without %s', async (_name, { run, without }) => {
    const [journal, log] = await run(without);
    expect(journal).not.toEqual(log);
  });
});
