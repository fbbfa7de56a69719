import type { EventBatch, NewEvent } from '../../core/stream-event.js';
import { CodedError } from '../../core/coded-error.js';
import type { Recorder } from '../../telemetry/recorder.js';
import { isBadRow, isPartitionMissing } from '../sql-error.js';
import type { SqlDatabase } from '../sql-database.port.js';
import { batchesUnread, deadLetters, eventsNumbered } from '../stream.metrics.js';
import type { StreamOptions } from '../stream.options.js';
import type { DirectResult, PassResult } from '../stream-store.port.js';
import { readContents, toBatches } from './batches.js';
import { callPass, callPassOne, type PassAnswer } from './sql-pass.js';

export interface PassRunnerParts {
  readonly database: SqlDatabase;
  readonly options: StreamOptions;
  readonly recorder: Recorder;
  readonly schema: string;
  readonly passFunction: string;
  readonly makePartitions: () => Promise<void>;
}

type Mode = 'wait' | 'try';

/** Runs passes. One that fails because of a row is taken apart until that row stands alone. */
export class PassRunner {
  #endPos = 0;
  /** Where the log ended before an event was first tried: when its answer is in doubt, it lies behind that place. */
  readonly #triedAfter = new WeakMap<NewEvent, number>();

  constructor(private readonly parts: PassRunnerParts) {}

  async start(): Promise<void> {
    const { database, schema } = this.parts;
    const [row] = await database.pass.query(`select last_value from ${schema}.event_pos`, []);
    this.#endPos = Number(row?.['last_value'] ?? 0);
  }

  async run(direct: readonly NewEvent[], mode: Mode): Promise<PassResult> {
    const { passMaxEvents } = this.parts.options;
    try {
      return await this.#once(direct, mode, passMaxEvents);
    } catch (error) {
      if (isPartitionMissing(error)) {
        await this.parts.makePartitions();
        return this.#once(direct, mode, passMaxEvents);
      }
      if (!isBadRow(error)) throw error;
    }
    const staged = await this.#stagedApart(passMaxEvents);
    const published = await this.#directApart(direct);
    return { ...published, batches: [...staged.batches, ...published.batches], more: staged.more || published.more };
  }

  async #once(direct: readonly NewEvent[], mode: Mode, maxEvents: number): Promise<PassResult> {
    const { database, schema, passFunction, options } = this.parts;
    const answer = await callPass(database.pass, {
      schema,
      passFunction,
      giveUp: mode === 'try',
      maxEvents,
      maxBytes: options.passMaxBytes,
      direct,
      knownAfter: this.#knownAfter(direct),
    });
    return this.#result(answer, direct);
  }

  /** Halves until the bad row is alone, then doubles again: one bad row among 1,000 costs twenty passes, not 1,000. */
  async #stagedApart(maxEvents: number): Promise<Pick<PassResult, 'batches' | 'more'>> {
    const batches: EventBatch[] = [];
    let size = Math.ceil(maxEvents / 2);
    for (let done = 0; done < maxEvents;) {
      const result = await this.#stagedOrBad(size);
      if (result === 'bad') {
        size = Math.ceil(size / 2);
        continue;
      }
      batches.push(...result.batches);
      if (!result.more) return { batches, more: false };
      done += size;
      size = Math.min(size * 2, maxEvents);
    }
    return { batches, more: true };
  }

  async #stagedOrBad(size: number): Promise<PassResult | 'bad'> {
    try {
      if (size === 1) return await this.#one();
      return await this.#once([], 'wait', size);
    } catch (error) {
      if (size > 1 && isBadRow(error)) return 'bad';
      throw error;
    }
  }

  async #one(): Promise<PassResult> {
    const { answer, setAside } = await callPassOne(this.parts.database.pass, this.parts.schema);
    if (setAside) this.parts.recorder.count(deadLetters, {});
    return this.#result(answer, []);
  }

  /** Takes no staged rows, so that only the publishes can be to blame. */
  async #directApart(direct: readonly NewEvent[]): Promise<PassResult> {
    const none: PassResult = { ran: true, direct: [], batches: [], more: false };
    if (direct.length === 0) return none;
    try {
      return await this.#once(direct, 'wait', 0);
    } catch (error) {
      if (!isBadRow(error)) throw error;
      if (direct.length === 1) return { ...none, direct: [failed(error)] };
    }
    const middle = Math.ceil(direct.length / 2);
    const first = await this.#directApart(direct.slice(0, middle));
    const second = await this.#directApart(direct.slice(middle));
    return {
      ran: true,
      direct: [...first.direct, ...second.direct],
      batches: [...first.batches, ...second.batches],
      more: first.more || second.more,
    };
  }

  #knownAfter(direct: readonly NewEvent[]): number {
    let after = this.#endPos;
    for (const event of direct) {
      const tried = this.#triedAfter.get(event);
      if (tried === undefined) this.#triedAfter.set(event, this.#endPos);
      else after = Math.min(after, tried);
    }
    return after;
  }

  async #result(answer: PassAnswer, direct: readonly NewEvent[]): Promise<PassResult> {
    if (answer.ran) this.#endPos = answer.endPos;
    const { recorder } = this.parts;
    const stagedCount = answer.numbered.filter(({ origin }) => origin === 'staged').length;
    if (stagedCount > 0) recorder.count(eventsNumbered, { origin: 'staged' }, stagedCount);
    const directCount = answer.numbered.length - stagedCount;
    if (directCount > 0) recorder.count(eventsNumbered, { origin: 'direct' }, directCount);
    return {
      ran: answer.ran,
      direct: answer.direct.map((placed): DirectResult =>
        placed ? { kind: 'stored', ...placed } : { kind: 'waiting' },
      ),
      batches: await this.#batches(answer, direct),
      more: answer.more,
    };
  }

  async #batches(answer: PassAnswer, direct: readonly NewEvent[]): Promise<readonly EventBatch[]> {
    const { database, schema, recorder } = this.parts;
    try {
      const contents = await readContents(database.pass, schema, { numbered: answer.numbered, direct });
      return toBatches(answer, ({ pos }) => contents.get(pos));
    } catch {
      // The pass has committed. Its publishers get their answers; subscribers find the events in the log.
      recorder.count(batchesUnread, {});
      return [];
    }
  }
}

function failed(cause: unknown): DirectResult {
  return { kind: 'failed', error: new CodedError('EVENT_INVALID', {}, { cause }) };
}
