import { constants } from 'node:os';

/** Aborts on the first signal that asks this process to end; a second one ends it at once. */
export function interruption() {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      const code = 128 + constants.signals[name];
      if (controller.signal.aborted) process.exit(code);
      process.exitCode = code;
      controller.abort(new Error(`ended by ${name}`));
    });
  }
  return controller.signal;
}
