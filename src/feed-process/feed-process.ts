import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../config/app.config.js';
import type { FeedArguments } from '../feed/feed-arguments.js';
import { startFeed } from './feed-child.js';
import { FeedSupervisor } from './feed-supervisor.js';

/** The feed that belongs to this server. */
@Injectable()
export class FeedProcess implements OnModuleDestroy {
  #supervisor: FeedSupervisor | undefined;

  constructor(private readonly config: AppConfig) {}

  /** To be called once the server answers at `url`. */
  start(url: string, args: FeedArguments): void {
    const { feedKey } = this.config;
    this.#supervisor ??= new FeedSupervisor(
      () => startFeed({ url, feedKey }, args),
      (line) => console.log(line),
    );
    this.#supervisor.start();
  }

  /** Before the sessions are drained: the feed has nothing to wait for. */
  async onModuleDestroy(): Promise<void> {
    await this.#supervisor?.stop();
  }
}
