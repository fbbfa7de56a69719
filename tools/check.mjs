// npm run check: types, lint, format, unit and architecture tests. Needs no service.
import { runParts } from './parts/run-parts.mjs';
import { parts } from './parts/parts.mjs';
import { interruption } from './process/interrupt.mjs';

const signal = interruption();
const passed = await runParts([parts[0]], { env: { ...process.env, NODE_ENV: 'test' }, signal });
if (!passed) process.exitCode ||= 1;
