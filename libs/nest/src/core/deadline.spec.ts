import { describe, expect, it, vi } from 'vitest';
import { Deadline } from './deadline.js';

const late = new Error('late');

function passed(): Deadline {
  const deadline = new Deadline();
  deadline.pass(late);
  return deadline;
}

describe('before a deadline', () => {
  it('a task gives what it resolves with', async () => {
    expect(await new Deadline().before(() => Promise.resolve(2))).toBe(2);
  });

  it('a task does not begin when it has passed', async () => {
    const task = vi.fn<() => Promise<void>>();
    await expect(passed().before(task)).rejects.toBe(late);
    expect(task).not.toHaveBeenCalled();
  });

  it('a task that still runs is not waited for, and its own failure then bothers nobody', async () => {
    const deadline = new Deadline();
    const order: string[] = [];
    deadline.signal.addEventListener('abort', () => order.push('others'));
    let fail = (): void => {};
    const task = () => new Promise<void>((_, reject) => (fail = () => reject(new Error('afterwards'))));
    const waiting = deadline.before(task, () => order.push('first'));
    deadline.pass(late);
    expect(order).toEqual(['first', 'others']);
    await expect(waiting).rejects.toBe(late);
    fail();
  });

  it('a task in whose last moment it passes is too late', async () => {
    const deadline = new Deadline();
    await expect(deadline.before(async () => deadline.pass(late))).rejects.toBe(late);
  });

  it('a failure is passed on, at once or later, and then forgotten', async () => {
    const deadline = new Deadline();
    const onPassed = vi.fn<() => void>();
    const atOnce = () => {
      throw new Error('at once');
    };
    await expect(deadline.before(atOnce, onPassed)).rejects.toThrow('at once');
    await expect(deadline.before(() => Promise.reject(new Error('later')), onPassed)).rejects.toThrow('later');
    deadline.pass(late);
    expect(onPassed).not.toHaveBeenCalled();
  });
});

describe('the signal of a deadline', () => {
  it('is aborted with its reason, whether it was asked for before or after', () => {
    const deadline = new Deadline();
    const { signal } = deadline;
    expect([signal.aborted, deadline.hasPassed]).toEqual([false, false]);
    deadline.pass(late);
    expect([signal.reason, deadline.hasPassed]).toEqual([late, true]);
    expect(passed().signal.reason).toBe(late);
  });

  it('passes once', () => {
    const deadline = passed();
    deadline.pass(new Error('again'));
    expect(deadline.signal.reason).toBe(late);
    expect(() => deadline.throwIfPassed()).toThrow(late);
  });
});
