/**
 * What CI runs, in order. `steps` that name a vitest project must run at least one test; steps in one list run side by
 * side. `timeoutMs` holds for the whole part: it ends what hangs, and leaves room for a machine that others use as well.
 * A part that is `onRequest` runs only where it is named.
 */
export const parts = [
  {
    name: 'check',
    needs: [],
    steps: [['types', 'lint', 'format'], 'vitest:unit', 'vitest:isolated'],
    timeoutMs: 400_000,
  },
  { name: 'stores', needs: ['postgres', 'pgbouncer', 'redis'], steps: ['vitest:stores'], timeoutMs: 320_000 },
  {
    name: 'e2e',
    needs: ['postgres', 'pgbouncer', 'redis', 'haproxy', 'python'],
    steps: ['vitest:e2e'],
    timeoutMs: 480_000,
  },
  { name: 'cluster', needs: ['postgres', 'redis', 'haproxy'], steps: ['vitest:cluster'], timeoutMs: 180_000 },
  { name: 'chaos', needs: ['postgres', 'redis'], steps: ['vitest:chaos'], timeoutMs: 180_000 },
  { name: 'browser', needs: ['postgres', 'redis', 'chromium'], steps: ['vitest:browser'], timeoutMs: 160_000 },
  { name: 'workspace', needs: [], steps: ['vitest:workspace'], timeoutMs: 300_000 },
  {
    name: 'long',
    needs: ['postgres', 'redis', 'faketime'],
    steps: ['vitest:long'],
    timeoutMs: 400_000,
    onRequest: true,
  },
];
