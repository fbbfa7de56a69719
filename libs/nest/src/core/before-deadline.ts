/**
 * What `task` resolves with, or the reason of `deadline` as soon as that aborts: before the task began, while it runs,
 * or in the moment in which it ended. The task itself is not stopped, and how it ends then concerns nobody.
 *
 * `onPassed` runs in the very moment of the abort, before anything that waits for it goes on.
 */
export async function beforeDeadline<T>(
  deadline: AbortSignal | undefined,
  task: () => Promise<T>,
  onPassed = (): void => {},
): Promise<T> {
  if (!deadline) return task();
  deadline.throwIfAborted();
  let stopWaiting = (): void => {};
  const passed = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      onPassed();
      reject(deadline.reason as Error);
    };
    deadline.addEventListener('abort', onAbort, { once: true });
    stopWaiting = () => deadline.removeEventListener('abort', onAbort);
  });
  passed.catch(() => {});
  try {
    const running = task();
    running.catch(() => {});
    const value = await Promise.race([running, passed]);
    deadline.throwIfAborted();
    return value;
  } finally {
    stopWaiting();
  }
}
