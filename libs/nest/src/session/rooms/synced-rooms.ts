import { RedisAdapter } from '@socket.io/redis-adapter';
import type { Namespace } from 'socket.io';
import type { RedisPublisher } from '../../redis/redis-publisher.js';
import type { RedisSubscriber } from '../../redis/redis-subscriber.js';
import type { Recorder } from '../../telemetry/recorder.js';
import type { AdapterClass } from '../../socket/adapter-class.js';
import { AdapterPublisher, AdapterSubscriber } from './adapter-redis.js';
import type { RoomsKey } from './rooms-key.js';

export interface SyncedRoomsParts {
  readonly publisher: RedisPublisher;
  readonly subscriber: RedisSubscriber;
  readonly recorder: Recorder;
  readonly key: RoomsKey;
}

type Reach = Parameters<RedisAdapter['addSockets']>[0];

export interface SyncedRooms {
  /** For Millrace's own server. */
  readonly own: AdapterClass;
  /** For those of the application. */
  readonly shared: AdapterClass;
}

/** The classes that Socket.IO makes an adapter of for each namespace, so that its rooms reach over all nodes. */
export function syncedRooms({ publisher, subscriber, recorder, key }: SyncedRoomsParts): SyncedRooms {
  const guarded = new AdapterPublisher(publisher, recorder);
  const heard = new AdapterSubscriber(subscriber, recorder, key.pattern);
  const isSynced = (): boolean => publisher.isUp && subscriber.isUp;
  const under = (prefix: string): AdapterClass =>
    class extends NodeRooms {
      constructor(namespace: Namespace) {
        super(namespace, guarded, heard, { key: prefix });
      }

      protected override get isSynced(): boolean {
        return isSynced();
      }
    };
  return { own: under(key.own), shared: under(key.shared) };
}

/**
 * Joins, leaves and disconnects go out over Redis and come back to the node that asked for them. While Redis is away
 * they would do nothing at all; so then they are done here, and only here.
 */
abstract class NodeRooms extends RedisAdapter {
  protected abstract get isSynced(): boolean;

  override addSockets(reach: Reach, rooms: string[]): void {
    super.addSockets(this.#within(reach), rooms);
  }

  override delSockets(reach: Reach, rooms: string[]): void {
    super.delSockets(this.#within(reach), rooms);
  }

  override disconnectSockets(reach: Reach, close: boolean): void {
    super.disconnectSockets(this.#within(reach), close);
  }

  #within(reach: Reach): Reach {
    return this.isSynced ? reach : { ...reach, flags: { ...reach.flags, local: true } };
  }
}
