import { afterAll, vi } from 'vitest';

// Files share a worker, and so the prototypes that a spy sits on.
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
