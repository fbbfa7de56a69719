import { isChannelName, type ChannelName } from '@millrace/protocol';
import type { Broker } from '../../broker/broker.port.js';
import { MemoryBroker } from '../../broker/memory/memory-broker.js';
import type { ByteAccount } from '../../core/byte-account.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import { silentRecorder } from '../../telemetry/recorder.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import type { Audience } from '../audience.port.js';
import { defaultHubOptions, type HubOptions } from '../hub.options.js';
import { Hub, type HubParts } from '../hub.js';
import { MemoryStreamStore } from './memory-stream-store.js';
import { RecordingRooms } from './recording-rooms.js';

interface BenchOptions {
  readonly broker?: Broker;
  readonly options?: Partial<HubOptions>;
  readonly checkOrder?: HubParts['checkOrder'];
  readonly audience?: Audience;
  readonly account?: ByteAccount;
}

/** A hub on doubles of all its neighbours. */
export class HubBench {
  readonly clock = new FakeClock();
  readonly store = new MemoryStreamStore(() => this.clock.now());
  readonly rooms = new RecordingRooms();
  readonly recorder = new MemoryRecorder();
  readonly lagging: ChannelName[] = [];
  readonly broker: Broker;
  readonly hub: Hub;

  constructor({ broker, options, checkOrder, audience, account }: BenchOptions = {}) {
    this.broker = broker ?? new MemoryBroker(silentRecorder);
    this.hub = new Hub({
      store: this.store,
      broker: this.broker,
      emitter: this.rooms,
      audience: audience ?? { lagging: (channel) => this.lagging.push(channel) },
      clock: this.clock,
      random: () => 0.5,
      recorder: this.recorder,
      options: { ...defaultHubOptions, ...options },
      ...(checkOrder && { checkOrder }),
      ...(account && { account }),
    });
  }

  /** Numbers events and hands them to the broker, as a pass does. */
  publish(channel: ChannelName, count = 1): void {
    this.broker.publish([this.store.append(channel, count)]);
  }

  /** Offsets of all events that left for rooms. */
  get emittedOffsets(): number[] {
    return this.rooms.emitted.flatMap((one) =>
      one.kind === 'events' ? one.frame.events.map(({ offset }) => offset) : [],
    );
  }

  get controls(): unknown[] {
    return this.rooms.emitted.flatMap((one) => (one.kind === 'control' ? [one.frame] : []));
  }
}

export function channelNamed(name: string): ChannelName {
  if (!isChannelName(name)) throw new TypeError(`${name} is no channel name`);
  return name;
}
