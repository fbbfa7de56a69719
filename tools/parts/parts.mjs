/**
 * What CI runs, in order. `steps` that name a vitest project must run at least one test. `timeoutMs` holds for the
 * whole part; what they take together stays below
 * ten minutes on two cores.
 */
export const parts = [
  { name: 'check', needs: [], steps: ['types', 'lint', 'format', 'vitest:unit'], timeoutMs: 150_000 },
  { name: 'stores', needs: ['postgres', 'pgbouncer', 'redis'], steps: ['vitest:stores'], timeoutMs: 100_000 },
  { name: 'e2e', needs: ['postgres', 'pgbouncer', 'redis', 'haproxy'], steps: ['vitest:e2e'], timeoutMs: 210_000 },
  { name: 'cluster', needs: ['postgres', 'redis', 'haproxy'], steps: ['vitest:cluster'], timeoutMs: 100_000 },
  { name: 'chaos', needs: ['postgres', 'redis'], steps: ['vitest:chaos'], timeoutMs: 80_000 },
  { name: 'browser', needs: ['postgres', 'redis', 'chromium'], steps: ['vitest:browser'], timeoutMs: 70_000 },
  { name: 'workspace', needs: [], steps: ['vitest:workspace'], timeoutMs: 140_000 },
];
