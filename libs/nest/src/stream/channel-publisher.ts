import { Injectable } from '@nestjs/common';
import {
  channelName,
  isChannelSegment,
  type ChannelContract,
  type ChannelName,
  type EventData,
  type EventType,
  type Offset,
  type ParamsOf,
} from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { isOwnChannel, isOwnContract } from '../core/own-channels.js';
import type { Ids } from '../core/ids.js';
import type { Cause, NewEvent } from '../core/stream-event.js';
import { noTraceContext, type TraceContext } from '../telemetry/trace-context.js';
import { encodeEventData } from './event-encoding.js';
import type { LiveSink } from './live-sink.port.js';
import { LostWork } from './lost-work.js';
import type { Sequencer } from './sequencer.js';
import type { SqlExecutor } from './sql-database.port.js';
import type { StreamOptions } from './stream.options.js';
import type { AmbientScope } from './transaction/ambient.js';
import type { EventStage, UnitOfWork } from './transaction/unit-of-work.js';

/**
 * Anything that runs one parameterised statement in a transaction: a client of `pg`, a few lines around an ORM.
 *
 * @publicApi
 */
export interface StatementRunner {
  /** Runs one statement with `$1`, `$2` …; what it resolves with is not looked at. */
  query(sql: string, params: unknown[]): Promise<unknown>;
}

/**
 * What one event is published with.
 *
 * @publicApi
 */
export interface PublishOptions {
  /**
   * A transaction of your own to publish in. The event exists if and only if that transaction commits. Not for `live`
   * channels: nobody tells us when it does.
   */
  readonly tx?: StatementRunner;
  /** Publishing again with the same key on the same `durable` channel stores nothing new. 1–255 characters. */
  readonly key?: string;
}

/**
 * An event that was taken.
 *
 * @publicApi
 */
export interface Published {
  /** The event's id, the same in every replay. */
  readonly id: string;
  /** Its place in the channel. Absent when the event is only staged in a transaction, and on `live` channels. */
  readonly offset?: Offset;
}

export interface ChannelPublisherParts {
  readonly store: EventStage;
  readonly sequencer: Pick<Sequencer, 'publish' | 'kick' | 'seek'>;
  readonly ambient: AmbientScope;
  readonly live: LiveSink;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly options: StreamOptions;
  readonly trace?: TraceContext;
  /** Hears of each event's contract, before anything is stored. */
  readonly onPublish?: (contract: ChannelContract) => void;
}

const MAX_KEY_LENGTH = 255;
const MAX_TYPE_BYTES = 255;

/**
 * Publishes events. Inside a command handler an event joins the handler's transaction; with `{ tx }` it joins that
 * one; elsewhere it is stored and numbered before `publish` resolves.
 *
 * @publicApi
 */
@Injectable()
export class ChannelPublisher {
  /** One function for all, so that a unit of work kicks once. */
  readonly #kick = (): void => this.parts.sequencer.kick();

  readonly #lost: LostWork;

  /** @internal */
  constructor(private readonly parts: ChannelPublisherParts) {
    this.#lost = new LostWork(parts.clock);
  }

  /**
   * Joins the transaction that `tx` belongs to: the event exists if and only if that commits.
   *
   * @throws CodedError `CHANNEL_INVALID` for parameters that name no channel, `EVENT_INVALID` or `EVENT_TOO_LARGE` for
   * data that cannot be stored or that JSON would change, with the path in `details`, `TRANSACTION_ENDED` after
   * the end of the handler, `TRANSACTION_TOO_LARGE` past the bound, `OVERLOADED` when too many events wait.
   */
  publish<C extends ChannelContract, Type extends EventType<C>>(
    contract: C,
    params: ParamsOf<C>,
    type: Type,
    data: EventData<C, Type>,
    options: PublishOptions & { readonly tx: StatementRunner },
  ): Promise<Omit<Published, 'offset'>>;
  /**
   * Joins the transaction of the handler, or of `MillraceDatabase.transaction()`, that it is called in. Elsewhere the
   * event is stored and has its offset when this resolves.
   *
   * @throws CodedError as above; outside of a transaction also `STREAM_UNAVAILABLE` with `outcome: 'unknown'`
   */
  publish<C extends ChannelContract, Type extends EventType<C>>(
    contract: C,
    params: ParamsOf<C>,
    type: Type,
    data: EventData<C, Type>,
    options?: PublishOptions,
  ): Promise<Published>;
  async publish<C extends ChannelContract, Type extends EventType<C>>(
    contract: C,
    params: ParamsOf<C>,
    type: Type,
    data: EventData<C, Type>,
    { tx, key }: PublishOptions = {},
  ): Promise<Published> {
    if (!isType(type, contract)) throw outOfBounds('type');
    if (!isKey(key)) throw outOfBounds('key');
    this.parts.onPublish?.(contract);
    const around = this.parts.ambient.current();
    const cause = this.#cause(around?.cause);
    const channel = nameOf(contract, params);
    if (isOwnChannel(channel) && !isOwnContract(contract)) throw new CodedError('CHANNEL_INVALID');
    const event: NewEvent = {
      channel,
      id: this.parts.ids.next(),
      type,
      data: encodeEventData(data, this.parts.options),
      ...(cause && { cause }),
      ...(key !== undefined && { key }),
    };
    const unit = !tx || around?.unit?.owns(tx) ? around?.unit : undefined;
    if (unit && !unit.isOpen) {
      this.#lost.lost(unit.name, { kind: type, work: `The event "${type}" on "${event.channel}"` });
    }
    if (contract.delivery === 'live') return this.#publishLive(event, { unit, isForeign: tx !== undefined && !unit });
    if (unit) return this.#stage(event, unit);
    if (tx) return this.#stageForeign(event, tx);
    const { id, offset } = await this.parts.sequencer.publish(event);
    return { id, offset };
  }

  /**
   * Whether `tx` is the transaction that the running code is in, of which only the port of its ORM knows how to use it.
   *
   * @internal
   */
  isAmbient(tx: StatementRunner): boolean {
    return this.parts.ambient.current()?.unit?.owns(tx) ?? false;
  }

  #cause(cause: Cause | undefined): Cause | undefined {
    const trace = (this.parts.trace ?? noTraceContext).current();
    return trace === undefined ? cause : { ...cause, trace };
  }

  #publishLive(event: NewEvent, { unit, isForeign }: { unit: UnitOfWork | undefined; isForeign: boolean }): Published {
    if (isForeign) throw new TypeError('A live event cannot wait for the commit of a transaction of your own');
    const { channel, id, type, data } = event;
    const send = (): void => this.parts.live.live(channel, { id, type, data, time: this.parts.clock.now() });
    if (unit) unit.hold(send);
    else send();
    return { id };
  }

  async #stage(event: NewEvent, unit: UnitOfWork): Promise<Published> {
    unit.afterCommit(this.#kick);
    await unit.stage(event, this.parts.store);
    return { id: event.id };
  }

  /** Nobody tells us when that transaction commits, so the sequencer looks for the row a few times. */
  async #stageForeign(event: NewEvent, tx: StatementRunner): Promise<Published> {
    await this.parts.store.stage(executorOn(tx), event);
    this.parts.sequencer.seek([event.id]);
    return { id: event.id };
  }
}

/** A driver's own form of rows is of no interest: staging returns none. */
function executorOn(tx: StatementRunner): SqlExecutor {
  return {
    query: async (sql, params) => {
      await tx.query(sql, [...params]);
      return [];
    },
  };
}

const outOfBounds = (field: 'type' | 'key'): CodedError =>
  new CodedError('EVENT_INVALID', { details: [{ field, rules: { text: `The ${field} is out of bounds` } }] });

/** Parameters often are texts of a client: one that names no channel is a refusal, not a fault of the server. */
function nameOf<C extends ChannelContract>(contract: C, params: ParamsOf<C>): ChannelName {
  try {
    return channelName(contract, params);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const wrong = Object.entries(Object(params) as object).find(
      ([, value]) => typeof value !== 'string' || !isChannelSegment(value),
    );
    const details = wrong && [{ field: wrong[0], rules: { segment: 'It cannot be a part of the name of a channel' } }];
    throw new CodedError('CHANNEL_INVALID', { ...(details && { details }) }, { cause: error });
  }
}

/** PostgreSQL has no text with a NUL in it, and UTF-8 has one character for all surrogates that stand alone. */
const isText = (text: string): boolean => text.length > 0 && !text.includes('\0') && !/\p{Surrogate}/u.test(text);

const isKey = (key: string | undefined): boolean => key === undefined || (isText(key) && key.length <= MAX_KEY_LENGTH);

/** One of the contract's, which may still be called what no log takes. */
const isType = (type: string, contract: ChannelContract): boolean =>
  Object.hasOwn(contract.events, type) && isText(type) && Buffer.byteLength(type) <= MAX_TYPE_BYTES;
