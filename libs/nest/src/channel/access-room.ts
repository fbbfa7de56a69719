import type { ChannelName, ControlFrame, EventsFrame, LiveFrame, WireEvent } from '@millrace/protocol';
import { logError } from '../core/log-error.js';
import type { Audience } from '../hub/audience.port.js';
import type { RoomEmitter } from '../hub/room-emitter.port.js';
import { accessChannelName, readRevocation, type Revocation } from './access-channel.js';
import type { Authorizer } from './authorizer.js';
import type { Denials } from '../session/denials/denials.js';
import type { Withdrawals } from './resume/withdrawals.js';
import { CrowdLogger } from '../core/log/crowd-logger.js';

/** What this node knows of access that was taken away. */
export interface KnownAccess {
  readonly withdrawals: Pick<Withdrawals, 'note' | 'missed'>;
  readonly denials: Pick<Denials, 'carryOut' | 'missed'>;
}

/**
 * Stands between the hub and the rooms. The room of the access channel is empty: what the hub emits there, in order and
 * without a hole, is carried out on this node.
 *
 * Where the hub cannot tell what was in a hole, or an event does not say whom it means, nobody knows whose access was
 * withdrawn: everybody asks again.
 */
export class AccessRoom implements RoomEmitter, Audience {
  readonly #logger = new CrowdLogger();

  constructor(
    private readonly rooms: RoomEmitter,
    private readonly audience: Audience,
    private readonly authorizer: Pick<Authorizer, 'withdraw' | 'askAnew'>,
    private readonly known: KnownAccess,
  ) {}

  events(room: string, frame: EventsFrame): void {
    if (frame.channel !== accessChannelName) return this.rooms.events(room, frame);
    // First: whoever comes back after one is carried out has to meet it.
    for (const event of frame.events) this.known.withdrawals.note(frame.epoch, event);
    for (const event of frame.events) this.#deny(event);
    this.#carryOutAll(frame.events.filter(({ type }) => type === 'access.revoked'));
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

  /** One that cannot be carried out is in the table all the same. */
  #deny({ type, data }: WireEvent): void {
    if (type !== 'access.denied' && type !== 'access.allowed') return;
    try {
      this.known.denials.carryOut(type, JSON.parse(data));
    } catch (error) {
      this.known.denials.missed();
      logError(
        this.#logger,
        `An event of "${accessChannelName}" was not carried out; the table is read instead`,
        error,
      );
    }
  }

  /**
   * Nothing happens between two of one frame, so what is said twice in it is done once. From SQL anything may come, and
   * who wrote it meant somebody: one that cannot be carried out keeps no other from it, and makes everybody ask again.
   * What a newer version may say is not for this one.
   */
  #carryOutAll(events: readonly WireEvent[]): void {
    const done = new Set<string>();
    const failed: { readonly id: string; readonly error: unknown }[] = [];
    for (const { id, data } of events) {
      if (done.has(data)) continue;
      done.add(data);
      try {
        this.authorizer.withdraw(revocationIn(data));
      } catch (error) {
        failed.push({ id, error });
        if (failed.length === 1) this.authorizer.askAnew();
      }
    }
    const [first] = failed;
    if (!first) return;
    const what = `${failed.length} events of "${accessChannelName}", the first of them ${first.id}, were not carried out`;
    logError(this.#logger, `${what}, and all subscriptions are authorized again`, first.error);
  }

  #missed(): void {
    this.known.withdrawals.missed();
    this.known.denials.missed();
    this.authorizer.askAnew();
  }
}

function revocationIn(data: string): Revocation {
  const revocation = readRevocation(JSON.parse(data));
  if (!revocation) throw new TypeError('It names no subject and no channel');
  return revocation;
}
