import type { ChannelName } from '@millrace/protocol';
import { defineChannel, event } from '@millrace/protocol';
import { systemClock } from '../../core/clock.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import { randomIds } from '../../core/ids.js';
import { ChannelPublisher } from '../../stream/channel-publisher.js';
import type { LiveEvent } from '../../core/stream-event.js';
import { Sequencer } from '../../stream/sequencer.js';
import type { SqlDatabase, SqlRow } from '../../stream/sql-database.port.js';
import { SqlStreamStore } from '../../stream/store/sql-stream-store.js';
import { defaultStreamOptions } from '../../stream/stream.options.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import type { TransactionPort } from '../../stream/transaction/transaction.port.js';
import { CommandBench } from './command-bench.js';
import { NOTE_TABLE } from './note-table.js';
import type { OrmUnderTest } from './orm/orm-under-test.js';
import { Script, scriptedProviders } from './scripted-gateway.js';

export const notes = defineChannel('notes.:book', { delivery: 'durable', events: { 'note.written': event<string>() } });
export const looks = defineChannel('looks.:book', { delivery: 'live', events: { 'book.opened': event<string>() } });

/** A trace that the tests are always in. */
export const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const MAX_EVENTS = 3;

/** Commands on a real stream, with a table of the application beside it. */
export class TransactionBench {
  readonly clock = new FakeClock();
  readonly script = new Script();
  readonly live: { readonly channel: ChannelName; readonly event: LiveEvent }[] = [];
  readonly publisher: ChannelPublisher;
  readonly sequencer: Sequencer;
  commands!: CommandBench;
  readonly #store: SqlStreamStore;
  #asTransaction: Script['asTransaction'] | undefined;
  #stopOrm: (() => Promise<void>) | undefined;

  private constructor(readonly database: SqlDatabase) {
    const recorder = new MemoryRecorder();
    const options = { ...defaultStreamOptions, pollIntervalMs: 60_000 };
    this.#store = new SqlStreamStore({ database, options, recorder, clock: systemClock });
    this.sequencer = new Sequencer({ store: this.#store, options, clock: systemClock, recorder });
    this.publisher = new ChannelPublisher({
      store: this.#store,
      sequencer: this.sequencer,
      ambient: database.ambient,
      live: { live: (channel, live) => void this.live.push({ channel, event: live }) },
      ids: randomIds,
      clock: systemClock,
      options,
      trace: { current: () => TRACE },
    });
  }

  /** Its commands are in transactions of `orm`, and its tests send their SQL in that ORM's way. */
  static async openFor(orm: OrmUnderTest, database: SqlDatabase): Promise<TransactionBench> {
    const bench = await TransactionBench.open(database, orm.transactions);
    bench.#asTransaction = (handle) => ({ query: (sql, params) => orm.query(handle, sql, params) });
    bench.#stopOrm = () => orm.stop();
    await bench.reset();
    return bench;
  }

  static async open(database: SqlDatabase, transactions?: TransactionPort): Promise<TransactionBench> {
    const bench = new TransactionBench(database);
    await bench.#store.start();
    bench.sequencer.start();
    await database.script(NOTE_TABLE);
    bench.commands = await CommandBench.boot({
      database,
      publisher: bench.publisher,
      providers: scriptedProviders(bench.script),
      clock: bench.clock,
      maxEventsPerTransaction: MAX_EVENTS,
      ...(transactions && { transactions }),
    });
    return bench;
  }

  async reset(): Promise<void> {
    Object.assign(this.script, new Script(), this.#asTransaction && { asTransaction: this.#asTransaction });
    this.live.splice(0);
    await this.database.query('delete from note', []);
  }

  async close(): Promise<void> {
    await this.sequencer.stop();
    await this.#store.stop();
    await this.database.stop();
    await this.#stopOrm?.();
  }

  /** What is committed, as a connection sees that has no part in it. */
  async texts(): Promise<unknown[]> {
    const rows = await this.database.query('select text from note order by text', []);
    return rows.map(({ text }) => text);
  }

  /** The events of a book, staged or numbered. */
  events(book: string): Promise<readonly SqlRow[]> {
    return this.database.query(
      `select id, data, cause from millrace.event where channel = $1
union all select id, data, cause from millrace.outbox where channel = $1`,
      [`notes.${book}`],
    );
  }

  publish(book: string, text: string, options = {}) {
    return this.publisher.publish(notes, { book }, 'note.written', text, options);
  }
}
