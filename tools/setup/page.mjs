import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const built = 'dist/page/index.html';
// The page bundles the SDK and the wire contract.
const inputs = ['src/page', 'src/contracts', 'libs/client/src', 'libs/protocol/src', 'package-lock.json'];

/** Whether the page has to be bundled again; false while there is no page. */
export function pageIsStale(root) {
  if (!existsSync(join(root, 'src/page'))) return false;
  if (!existsSync(join(root, built))) return true;
  const builtAt = statSync(join(root, built)).mtimeMs;
  return inputs.some((input) => newestIn(join(root, input)) > builtAt);
}

function newestIn(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}
