import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { RefusedOrigins } from './refused-origins.js';

function scene() {
  const clock = new FakeClock();
  const lines: string[] = [];
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
  const origins = new RefusedOrigins(clock);
  return { clock, lines, refuse: (origin: string, host = 'app.example') => origins.refused(origin, host) };
}

afterEach(() => vi.restoreAllMocks());

describe('the log of refused origins', () => {
  it('names the origin, the host, the status and the option', () => {
    const { lines, refuse } = scene();
    refuse('http://localhost:5173');
    expect(lines).toHaveLength(1);
    for (const part of ['"http://localhost:5173"', '"app.example"', 'HTTP 403', '`session.allowedOrigins`']) {
      expect(lines[0]).toContain(part);
    }
  });

  it('names each of them once a minute', async () => {
    const { clock, lines, refuse } = scene();
    for (const origin of ['https://a.example', 'https://a.example', 'https://b.example']) refuse(origin);
    await clock.advance(59_999);
    refuse('https://a.example');
    expect(lines).toHaveLength(2);
    await clock.advance(1);
    refuse('https://a.example');
    expect(lines).toHaveLength(3);
  });

  it('holds still when somebody sends an origin of his own with each request, and has room again after a minute', async () => {
    const { clock, lines, refuse } = scene();
    for (let n = 0; n < 1_000; n++) refuse(`https://${n}.example`);
    expect(lines).toHaveLength(20);
    await clock.advance(60_000);
    refuse('https://a.example');
    expect(lines).toHaveLength(21);
  });

  it('cannot be given lines or lengths by a stranger', () => {
    const { lines, refuse } = scene();
    refuse(`https://x\n[Nest] ERROR\u001B[31m\u009B31m${'y'.repeat(100_000)}`);
    expect(lines[0]).not.toMatch(/[^\x20-\x7E]/);
    expect(lines[0]!.length).toBeLessThan(600);
  });
});
