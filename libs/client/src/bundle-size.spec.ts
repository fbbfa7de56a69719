import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { describe, expect, it } from 'vitest';

const MAX_BYTES = 16_384;
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What a page pays, minified and compressed, beyond socket.io-client. */
async function bundledBytes(entry: string): Promise<number> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: { '@millrace/protocol': source('../../protocol/src/index.ts'), '@millrace/client': source('index.ts') },
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'page' ? '\0page' : undefined),
        load: (id) => (id === '\0page' ? entry : undefined),
      },
    ],
    build: {
      write: false,
      minify: true,
      rolldownOptions: { input: 'page', external: ['socket.io-client'], preserveEntrySignatures: 'strict' },
    },
  });
  const { output } = (Array.isArray(result) ? result[0] : result) as Rolldown.RolldownOutput;
  const code = output.map((file) => (file.type === 'chunk' ? file.code : '')).join('');
  expect(code).toContain('socket.io-client');
  return gzipSync(code).length;
}

describe('the bundle', () => {
  it(`stays within ${MAX_BYTES} bytes with everything that is exported`, async () => {
    const bytes = await bundledBytes(`export * from '@millrace/client';`);
    console.log(`@millrace/client: ${bytes} bytes, minified and gzipped, beyond socket.io-client`);
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(bytes).toBeGreaterThan(2_000);
  });

  it('leaves out what a page does not use', async () => {
    const contracts = `export { defineCommand } from '@millrace/client'; import 'socket.io-client';`;
    expect(await bundledBytes(contracts)).toBeLessThan(500);
  });
});
