import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { feedEnvironment, type FeedConfig } from '../config/feed.config.js';
import { feedCommandLine, type FeedArguments } from '../feed/feed-arguments.js';

/** A running feed, as far as its supervisor has to do with it. */
export interface FeedChild {
  /** `undefined`: ended by a signal, or never started. Called once. */
  onExit(listener: (code: number | undefined) => void): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts the feed as a process of its own. It prints on this process's output, and ends when this process does. */
export function startFeed(config: FeedConfig, args: FeedArguments): FeedChild {
  const child = fork(fileURLToPath(new URL('../feed/main.js', import.meta.url)), feedCommandLine(args), {
    env: { ...feedEnvironment(config) },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    onExit(listener) {
      let tell = (code: number | undefined): void => {
        tell = () => {};
        listener(code);
      };
      child.once('exit', (code) => tell(code ?? undefined));
      // A process that could not be started has no exit. One that could not be killed has, later.
      child.on('error', () => child.pid === undefined && tell(undefined));
    },
    kill: (signal) => void child.kill(signal),
  };
}
