import { serviceAddress } from '../../../../../test/support/service-address.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { systemClock, type Clock } from '../../core/clock.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import { RedisPublisher } from '../redis-publisher.js';
import { testSeal } from './test-seal.js';
import { RedisSubscriber } from '../redis-subscriber.js';

/** One node's two connections to the real Redis, over a network that can be cut. */
export class RedisBench {
  readonly recorder = new MemoryRecorder();
  readonly publisher: RedisPublisher;
  readonly subscriber: RedisSubscriber;

  private constructor(
    readonly proxy: TcpProxy,
    clock: Clock,
  ) {
    const parts = {
      url: proxy.url.replace('http', 'redis'),
      clock,
      random: () => 0,
      recorder: this.recorder,
      seal: testSeal(),
    };
    this.publisher = new RedisPublisher(parts);
    this.subscriber = new RedisSubscriber(parts);
  }

  static async open(clock: Clock = systemClock): Promise<RedisBench> {
    const bench = new RedisBench(await TcpProxy.listen(RedisBench.port), clock);
    bench.publisher.start();
    bench.subscriber.start();
    return bench;
  }

  static get port(): number {
    return Number(new URL(serviceAddress('REDIS_URL')).port);
  }

  get isUp(): boolean {
    return this.publisher.isUp && this.subscriber.isUp;
  }

  /** Redis is gone for this node, until {@link comeBack}. */
  goAway(): void {
    this.proxy.target = undefined;
    this.proxy.cut();
  }

  comeBack(): void {
    this.proxy.target = RedisBench.port;
  }

  async close(): Promise<void> {
    await Promise.all([this.publisher.stop(), this.subscriber.stop()]);
    await this.proxy.close();
  }
}
