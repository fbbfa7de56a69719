import { expect, it, vi } from 'vitest';
import { beforeDeadline } from './before-deadline.js';

const late = new Error('late');

it('gives what the task resolves with, with and without a deadline', async () => {
  expect(await beforeDeadline(undefined, () => Promise.resolve(1))).toBe(1);
  expect(await beforeDeadline(new AbortController().signal, () => Promise.resolve(2))).toBe(2);
});

it('does not begin past the deadline', async () => {
  const task = vi.fn<() => Promise<void>>();
  await expect(beforeDeadline(AbortSignal.abort(late), task)).rejects.toBe(late);
  expect(task).not.toHaveBeenCalled();
});

it('rejects while the task runs, whose own failure then bothers nobody', async () => {
  const deadline = new AbortController();
  const order: string[] = [];
  deadline.signal.addEventListener('abort', () => order.push('others'));
  let fail = (): void => {};
  const task = () => new Promise<void>((_, reject) => (fail = () => reject(new Error('afterwards'))));
  const waiting = beforeDeadline(deadline.signal, task, () => order.push('first'));
  deadline.abort(late);
  expect(order.toSorted()).toEqual(['first', 'others']);
  await expect(waiting).rejects.toBe(late);
  fail();
});

it('rejects when the deadline passes in the moment in which the task ends', async () => {
  const deadline = new AbortController();
  const ending = beforeDeadline(deadline.signal, async () => deadline.abort(late));
  await expect(ending).rejects.toBe(late);
});

it('passes a task on that fails at once, and is forgotten by the deadline', async () => {
  const deadline = new AbortController();
  const onPassed = vi.fn<() => void>();
  const failing = beforeDeadline(
    deadline.signal,
    () => {
      throw new Error('at once');
    },
    onPassed,
  );
  await expect(failing).rejects.toThrow('at once');
  deadline.abort(late);
  expect(onPassed).not.toHaveBeenCalled();
});
