// npm test [-- <part>…]: everything that CI runs, or only the named parts, with the services they need.
import { parts } from './parts/parts.mjs';
import { runParts } from './parts/run-parts.mjs';
import { interruption } from './process/interrupt.mjs';
import { seconds } from './process/workspace.mjs';
import { startServices } from './services/start.mjs';

const named = process.argv.slice(2);
const unknown = named.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. Parts: ${parts.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const signal = interruption();
const chosen = parts.filter(({ name, onRequest }) => (named.length === 0 ? !onRequest : named.includes(name)));
const startedAt = Date.now();
const services = await startServices(chosen.flatMap(({ needs }) => needs)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
console.log(
  `Services ready: ${Object.keys(services.env).join(', ') || 'none needed'} (${seconds(Date.now() - startedAt)})`,
);
try {
  const passed = await runParts(chosen, { env: { ...process.env, ...services.env, NODE_ENV: 'test' }, signal });
  if (!passed) process.exitCode ||= 1;
} finally {
  await services.stop();
}
