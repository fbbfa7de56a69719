import { build, type Rolldown } from 'vite';
import { fileURLToPath } from 'node:url';

const source = (name: string) => fileURLToPath(new URL(`../../libs/${name}/src/index.ts`, import.meta.url));

/** One script for a page, as a bundler makes it of `code` that imports the SDK. */
export async function pageScript(code: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { '@millrace/protocol': source('protocol'), '@millrace/client': source('client') } },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'page' ? '\0page' : undefined),
        load: (id) => (id === '\0page' ? code : undefined),
      },
    ],
    build: { write: false, rolldownOptions: { input: 'page' } },
  });
  const { output } = (Array.isArray(result) ? result[0] : result) as Rolldown.RolldownOutput;
  return output.map((file) => (file.type === 'chunk' ? file.code : '')).join('');
}
