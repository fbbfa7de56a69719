import { Logger } from '@nestjs/common';
import type { ChannelName, ControlFrame, EventsFrame, LiveFrame, WireEvent } from '@millrace/protocol';
import { logError } from '../core/log-error.js';
import type { Audience } from '../hub/audience.port.js';
import type { RoomEmitter } from '../hub/room-emitter.port.js';
import { accessChannelName, readRevocation } from './access-channel.js';
import type { Authorizer } from './authorizer.js';
import type { Withdrawals } from './resume/withdrawals.js';

/**
 * Stands between the hub and the rooms. The room of the access channel is empty: what the hub emits there, in order and
 * without a hole, is carried out on this node.
 *
 * Where the hub cannot tell what was in a hole, or an event does not say whom it means, nobody knows whose access was
 * withdrawn: everybody asks again.
 */
export class AccessRoom implements RoomEmitter, Audience {
  readonly #logger = new Logger('Millrace');

  constructor(
    private readonly rooms: RoomEmitter,
    private readonly audience: Audience,
    private readonly authorizer: Pick<Authorizer, 'withdraw' | 'askAnew'>,
    private readonly withdrawals: Pick<Withdrawals, 'note' | 'missed'>,
  ) {}

  events(room: string, frame: EventsFrame): void {
    if (frame.channel !== accessChannelName) return this.rooms.events(room, frame);
    for (const event of frame.events) {
      // First: whoever comes back after it is carried out has to meet it.
      this.withdrawals.note(frame.epoch, event);
      this.#carryOutOrAsk(event);
    }
  }

  live(room: string, frame: LiveFrame): void {
    this.rooms.live(room, frame);
  }

  size(room: string): number {
    return this.rooms.size(room);
  }

  control(room: string, frame: ControlFrame): void {
    if ('channel' in frame && frame.channel === accessChannelName) return this.#missed();
    this.rooms.control(room, frame);
  }

  lagging(channel: ChannelName): void {
    if (channel === accessChannelName) return this.#missed();
    this.audience.lagging(channel);
  }

  /** One that fails must not keep the next from being carried out, nor count as carried out itself. */
  #carryOutOrAsk(event: WireEvent): void {
    try {
      this.#carryOut(event);
    } catch (error) {
      logError(
        this.#logger,
        `Event ${event.id} of "${accessChannelName}" was not carried out: everybody asks again`,
        error,
      );
      this.authorizer.askAnew();
    }
  }

  #missed(): void {
    this.withdrawals.missed();
    this.authorizer.askAnew();
  }

  /** From SQL anything may come, and who wrote it meant somebody. What a newer version may say is not for this one. */
  #carryOut({ id, type, data }: WireEvent): void {
    if (type !== 'access.revoked') return;
    const revocation = readRevocation(JSON.parse(data));
    if (revocation) return this.authorizer.withdraw(revocation);
    this.#logger.error(`Event ${id} of "${accessChannelName}" names no subject and no channel: everybody asks anew`);
    this.authorizer.askAnew();
  }
}
