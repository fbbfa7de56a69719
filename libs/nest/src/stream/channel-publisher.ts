import { Injectable } from '@nestjs/common';
import {
  channelName,
  type ChannelContract,
  type EventData,
  type EventType,
  type Offset,
  type ParamsOf,
} from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import type { Ids } from '../core/ids.js';
import type { NewEvent } from '../core/stream-event.js';
import { encodeEventData } from './event-encoding.js';
import type { LiveSink } from './live-sink.port.js';
import type { Sequencer } from './sequencer.js';
import type { SqlExecutor } from './sql-database.port.js';
import type { StreamStore } from './stream-store.port.js';
import type { StreamOptions } from './stream.options.js';
import { ambient } from './transaction/ambient.js';
import type { UnitOfWork } from './transaction/unit-of-work.js';

/** @publicApi */
export interface PublishOptions {
  /**
   * A transaction of your own to publish in: anything that runs one parameterised statement. The event exists if and
   * only if that transaction commits.
   */
  readonly tx?: SqlExecutor;
  /** Publishing again with the same key on the same channel stores nothing new. 1–255 characters. */
  readonly key?: string;
}

/** @publicApi */
export interface Published {
  /** The event's id, the same in every replay. */
  readonly id: string;
  /** Its place in the channel. Absent when the event is only staged in a transaction, and on `live` channels. */
  readonly offset?: Offset;
}

interface Parts {
  readonly store: StreamStore;
  readonly sequencer: Sequencer;
  readonly live: LiveSink;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly options: StreamOptions;
}

/**
 * Publishes events. Inside a command handler an event joins the handler's transaction; with `{ tx }` it joins that
 * one; elsewhere it is stored and numbered before `publish` resolves.
 *
 * @publicApi
 */
@Injectable()
export class ChannelPublisher {
  constructor(private readonly parts: Parts) {}

  /**
   * @throws CodedError `EVENT_INVALID` or `EVENT_TOO_LARGE` for data that cannot be stored, `TRANSACTION_ENDED` after
   * the end of the handler, `TRANSACTION_TOO_LARGE` past the bound, `OVERLOADED` when too many events wait.
   */
  async publish<C extends ChannelContract, Type extends EventType<C>>(
    contract: C,
    params: ParamsOf<C>,
    type: Type,
    data: EventData<C, Type>,
    options: PublishOptions = {},
  ): Promise<Published> {
    if (!Object.hasOwn(contract.events, type)) throw new CodedError('EVENT_INVALID');
    const scope = ambient();
    const event: NewEvent = {
      channel: channelName(contract, params),
      id: this.parts.ids.next(),
      type,
      data: encodeEventData(data, this.parts.options),
      ...(scope && { cause: scope.cause }),
      ...(options.key !== undefined && { key: options.key }),
    };
    if (contract.delivery === 'live') return this.#publishLive(event, scope?.unit);
    if (options.tx) return this.#stageForeign(event, options.tx);
    if (scope?.unit) return this.#stage(event, scope.unit);
    const { id, offset } = await this.parts.sequencer.publish(event);
    return { id, offset };
  }

  #publishLive({ channel, id, type, data }: NewEvent, unit: UnitOfWork | undefined): Published {
    const send = (): void => this.parts.live.live(channel, { id, type, data, time: this.parts.clock.now() });
    if (unit) unit.afterCommit(send);
    else send();
    return { id };
  }

  async #stage(event: NewEvent, unit: UnitOfWork): Promise<Published> {
    const executor = unit.executor();
    unit.admit(event);
    if (unit.staged.length === 1) unit.afterCommit(() => this.parts.sequencer.kick());
    await this.parts.store.stage(executor, event);
    return { id: event.id };
  }

  /** Nobody tells us when that transaction commits, so the sequencer looks for the row a few times. */
  async #stageForeign(event: NewEvent, executor: SqlExecutor): Promise<Published> {
    await this.parts.store.stage(executor, event);
    this.parts.sequencer.seek([event.id]);
    return { id: event.id };
  }
}
