import type { Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waitWhileBytesMove } from './patient-heartbeat.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A connection whose pong is awaited, with a timeout of a second. */
function waiting(queued = 0) {
  const tcp = { bytesRead: 0, bytesWritten: 100_000, writableLength: 0, _handle: { writeQueueSize: queued } };
  const closed: string[] = [];
  const sent: string[] = [];
  const conn = {
    readyState: 'open',
    pingTimeoutTimer: null as NodeJS.Timeout | null,
    resetPingTimeout: () => {},
    onClose: (reason: string) => closed.push(reason),
    sendPacket: (type: string) => sent.push(type),
    writeBuffer: [],
    request: { socket: tcp },
  };
  waitWhileBytesMove({ conn } as unknown as Socket, 1_000);
  conn.resetPingTimeout();
  return { tcp, conn, closed, sent };
}

describe('a pong that does not come', () => {
  it('ends the connection where nothing moves', () => {
    const { closed } = waiting();
    vi.advanceTimersByTime(999);
    expect(closed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(closed).toEqual(['ping timeout']);
  });

  it('is waited for while bytes arrive, and no longer', () => {
    const { tcp, closed, sent } = waiting();
    for (let second = 0; second < 5; second++) {
      tcp.bytesRead += 1;
      vi.advanceTimersByTime(1_000);
    }
    expect(closed).toEqual([]);
    // The client waits for pings in its turn.
    expect(sent).toEqual(Array.from({ length: 5 }, () => 'ping'));
    vi.advanceTimersByTime(1_000);
    expect(closed).toEqual(['ping timeout']);
  });

  it('is waited for while the client makes room in a buffer that is full', () => {
    const { tcp, closed } = waiting(50_000);
    tcp._handle.writeQueueSize -= 10_000;
    vi.advanceTimersByTime(1_000);
    expect(closed).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(closed).toEqual(['ping timeout']);
  });

  it('is not waited for because the kernel takes bytes: it does so for a client that is gone', () => {
    const { tcp, closed } = waiting();
    tcp.bytesWritten += 10_000;
    vi.advanceTimersByTime(1_000);
    expect(closed).toEqual(['ping timeout']);
  });

  it('and that comes stops the wait, as Engine.IO does it', () => {
    const { conn, closed } = waiting();
    clearTimeout(conn.pingTimeoutTimer ?? undefined);
    conn.pingTimeoutTimer = null;
    vi.advanceTimersByTime(5_000);
    expect(closed).toEqual([]);
  });
});

it('an Engine.IO of another make keeps its own way', () => {
  const conn = { resetPingTimeout: undefined };
  expect(() => waitWhileBytesMove({ conn } as unknown as Socket, 1)).not.toThrow();
  expect(conn.resetPingTimeout).toBeUndefined();
});
