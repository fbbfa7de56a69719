// npm run bench [-- --json FILE] [-- --check] [-- --only NAME]… [-- --profile DIR]: Millrace beside what people use today.
import { join } from 'node:path';
import { interruption } from './process/interrupt.mjs';
import { run } from './process/run.mjs';
import { root } from './process/workspace.mjs';
import { startServices } from './services/start.mjs';

const TIMEOUT_MS = 900_000;
const signal = interruption();
const services = await startServices(['postgres', 'redis']).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
try {
  const program = join(root, 'test/apps/dist/bench/main.js');
  const { ok } = await run(process.execPath, [program, ...process.argv.slice(2)], {
    env: { ...process.env, ...services.env, NODE_ENV: 'production' },
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (!ok) process.exitCode ||= 1;
} finally {
  await services.stop();
}
