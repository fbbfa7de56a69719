/**
 * What CI runs, in order. `steps` that name a vitest project must run at least one test. `timeoutMs` holds for the
 * whole part: it ends what hangs, and leaves room for a machine that others use as well. Together the parts take six
 * minutes on two cores.
 */
export const parts = [
  { name: 'check', needs: [], steps: ['types', 'lint', 'format', 'vitest:unit'], timeoutMs: 240_000 },
  { name: 'stores', needs: ['postgres', 'pgbouncer', 'redis'], steps: ['vitest:stores'], timeoutMs: 160_000 },
  {
    name: 'e2e',
    needs: ['postgres', 'pgbouncer', 'redis', 'haproxy', 'python', 'faketime'],
    steps: ['vitest:e2e'],
    timeoutMs: 260_000,
  },
  { name: 'cluster', needs: ['postgres', 'redis', 'haproxy'], steps: ['vitest:cluster'], timeoutMs: 130_000 },
  { name: 'chaos', needs: ['postgres', 'redis'], steps: ['vitest:chaos'], timeoutMs: 120_000 },
  { name: 'browser', needs: ['postgres', 'redis', 'chromium'], steps: ['vitest:browser'], timeoutMs: 110_000 },
  { name: 'workspace', needs: [], steps: ['vitest:workspace'], timeoutMs: 180_000 },
];
