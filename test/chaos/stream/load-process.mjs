// One node of the stress: a sequencer, writers in transactions and direct publishers, on the built library.
// argv[2] is its load as JSON. Sends what it did to its parent when its time is over.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const dist = new URL('../../../libs/nest/dist/', import.meta.url);
const [
  { PgDatabase },
  { SqlStreamStore },
  { Sequencer },
  { defaultStreamOptions },
  { systemClock },
  { silentRecorder },
] = await Promise.all(
  [
    'stream/pg/pg-database.js',
    'stream/store/sql-stream-store.js',
    'stream/sequencer.js',
    'stream/stream.options.js',
    'core/clock.js',
    'telemetry/recorder.js',
  ].map((path) => import(new URL(path, dist).href)),
);

const load = JSON.parse(process.argv[2]);
const options = { ...defaultStreamOptions, pollIntervalMs: 100, publishTimeoutMs: 30_000, ...load.options };
const database = new PgDatabase(
  { connectionString: load.url, maxConnections: load.transactional + 2 },
  { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 },
);
const store = new SqlStreamStore(
  { database, options, recorder: silentRecorder, clock: systemClock },
  { ...(load.passFunction && { passFunction: load.passFunction }) },
);
const stageFaultily = (executor, { channel, id, type, data }) =>
  executor.query(`select millrace.${load.stageFunction}($1::text, $2::text, $3::text, $4::text)`, [
    channel,
    id,
    type,
    data,
  ]);
const stage = load.stageFunction ? stageFaultily : (executor, event) => store.stage(executor, event);
const sequencer = new Sequencer({ store, options, recorder: silentRecorder, clock: systemClock });

const records = [];
// One clock for all processes of this machine, in µs.
const now = () => Number(process.hrtime.bigint() / 1000n);
const any = (count) => Math.floor(Math.random() * count);
const newEvent = () => ({
  channel: `stress.c${any(load.channels)}`,
  id: randomUUID(),
  type: 'stress.happened',
  data: JSON.stringify({ text: 'x'.repeat(any(200)) }),
});

await store.start();
sequencer.start();
const end = Date.now() + load.durationMs;
const loops = [
  ...Array.from({ length: load.transactional }, (_, index) => until(() => transact(index % 2 === 0))),
  ...Array.from({ length: load.direct }, () => until(publish)),
];
process.send('ready');
await Promise.all(loops);
await sequencer.stop();
await store.stop();
await database.stop();
process.send(records, () => process.disconnect());

async function until(step) {
  while (Date.now() < end) await step();
}

async function publish() {
  const event = newEvent();
  const record = { id: event.id, channel: event.channel, begun: now(), outcome: 'unknown' };
  records.push(record);
  try {
    const { offset } = await sequencer.publish(event);
    Object.assign(record, { outcome: 'acknowledged', acknowledged: now(), offset });
  } catch (error) {
    if (error.code !== 'STREAM_UNAVAILABLE') record.outcome = 'refused';
  }
  await sleep(any(3));
}

/** `kicks`: tells its sequencer of the commit; otherwise the events are sought, as with somebody else's transaction. */
async function transact(kicks) {
  const own = [];
  let transaction;
  let outcome = 'refused';
  try {
    transaction = await database.begin();
    if (any(3) === 0) await lockRow(transaction);
    for (let count = 1 + any(load.eventsPerTransaction); count > 0; count--) {
      const event = newEvent();
      const record = { id: event.id, channel: event.channel, begun: now(), outcome };
      records.push(record);
      own.push(record);
      await stage(transaction, event);
      if (any(4) === 0) await sleep(any(10));
    }
    if (any(3) === 0) await lockRow(transaction);
    if (!kicks) sequencer.seek(own.map(({ id }) => id));
    if (any(5) === 0) {
      await transaction.rollback();
    } else {
      await transaction.commit();
      outcome = 'acknowledged';
      if (kicks) sequencer.kick();
    }
  } catch (error) {
    if (error.code === 'TRANSACTION_IN_DOUBT') outcome = 'unknown';
    await transaction?.rollback();
    await sleep(5);
  }
  const acknowledged = now();
  for (const record of own) Object.assign(record, { outcome, ...(outcome === 'acknowledged' && { acknowledged }) });
}

/** In any order, so that transactions wait for each other and now and then deadlock. */
function lockRow(transaction) {
  return transaction.query('update contested set n = n + 1 where id = $1', [any(5)]);
}
