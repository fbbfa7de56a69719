import { register } from 'node:module';

// In a thread of its own, which sees nothing of this file.
const hooks = `
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith('/libs/protocol/dist/version.js')) return loaded;
  const source = String(loaded.source).replace(/PROTOCOL_VERSION = (\\d+)/, (_, version) => 'PROTOCOL_VERSION = ' + (Number(version) + 1));
  return { ...loaded, source };
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
