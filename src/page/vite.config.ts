import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `vite build src/page`: what the server hands out at `/`. */
export default defineConfig({
  build: {
    outDir: fileURLToPath(new URL('../../dist/page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
  },
});
