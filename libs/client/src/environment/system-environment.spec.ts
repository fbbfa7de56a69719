import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemEnvironment } from './system-environment.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the environment', () => {
  it('makes ids, also where crypto.randomUUID is missing', () => {
    expect(systemEnvironment.uuid()).toMatch(uuid);
    const { crypto } = globalThis;
    vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes) });
    const ids = Array.from({ length: 100 }, () => systemEnvironment.uuid());
    for (const id of ids) expect(id).toMatch(uuid);
    expect(new Set(ids).size).toBe(100);
  });

  it('fires a timer once, at its time, also one that is longer than a timer can be', () => {
    vi.useFakeTimers();
    const fired: string[] = [];
    const startAt = Date.now();
    systemEnvironment.after(100, () => fired.push('short'));
    systemEnvironment.after(2 ** 31 + 1_000, () => fired.push(`long ${Date.now() - startAt - 2 ** 31}`));
    systemEnvironment.after(200, () => fired.push('cancelled'))();
    const cancelLong = systemEnvironment.after(2 ** 31 + 2_000, () => fired.push('cancelled late'));
    vi.advanceTimersByTime(2 ** 31);
    cancelLong();
    expect(fired).toEqual(['short']);
    vi.advanceTimersByTime(10_000);
    expect(fired).toEqual(['short', 'long 1000']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('wakes when a browser is online or visible again', () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    const window = new EventTarget();
    vi.stubGlobal('document', page);
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    const woken = vi.fn<() => void>();
    const stop = systemEnvironment.onWake(woken);
    page.dispatchEvent(new Event('visibilitychange'));
    expect(woken).toHaveBeenCalledTimes(0);
    page.visibilityState = 'visible';
    page.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    expect(woken).toHaveBeenCalledTimes(2);
    stop();
    page.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    expect(woken).toHaveBeenCalledTimes(2);
  });

  it('does without wake-ups where there is no page', () => {
    const woken = vi.fn<() => void>();
    expect(() => systemEnvironment.onWake(woken)()).not.toThrow();
    expect(woken).not.toHaveBeenCalled();
  });

  it('reports to reportError, else to the console', () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    systemEnvironment.report('one');
    const report = vi.fn<(error: unknown) => void>();
    vi.stubGlobal('reportError', report);
    systemEnvironment.report('two');
    expect([log.mock.calls, report.mock.calls]).toEqual([[['one']], [['two']]]);
  });
});
