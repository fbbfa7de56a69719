import { readFileSync } from 'node:fs';

/** Of this package; `unknown` where a bundler has left its `package.json` behind. */
export function packageVersion(): string {
  try {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    const { name, version } = JSON.parse(text) as { readonly name?: unknown; readonly version?: unknown };
    return name === '@millrace/nest' && typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
