import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { BootError } from '@millrace/nest';
import { AppModule } from './app.module.js';
import { readAppConfig, type AppConfig } from './config/app.config.js';
import { DataFolder } from './config/data-folder.js';
import { ConfigError } from './config/environment.js';
import { variables } from './config/variables.js';
import { withHeaders } from './page-headers.js';
import { FeedProcess } from './feed-process/feed-process.js';
import { feedOptions, feedUsage, parseStrictly, readFeedArguments, UsageError } from './feed/feed-arguments.js';

const nodeVariables = Object.entries(variables).flatMap(([name, { readBy }]) => (readBy === 'feed' ? [] : [name]));

const usage = `usage: npm start -- [options]
  --no-feed            only the server
${feedUsage}
Environment: ${nodeVariables.join(', ')} (docs/deployment.md)`;

async function start(): Promise<void> {
  const {
    'no-feed': noFeed,
    help,
    ...rest
  } = parseStrictly(process.argv.slice(2), {
    ...feedOptions,
    'no-feed': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (help === true) return console.log(usage);
  const feedArguments = readFeedArguments(rest);
  const config = readAppConfig();
  holdData(config);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.of(config), {
    logger: ['warn', 'error', 'fatal'],
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use(withHeaders);
  app.useStaticAssets(fileURLToPath(new URL('page', import.meta.url)));
  // Nest would end the process by the signal once more, which looks like a crash and skips the handlers of `exit`.
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(config.port, config.host);
  const url = urlOf(app.getHttpServer().address() as AddressInfo);
  console.log(`Departures: ${url}`);
  if (config.feed === 'on' && noFeed !== true) app.get(FeedProcess).start(url, feedArguments);
}

/** Where it listens: on all networks that is this machine, too. */
function urlOf({ address, port }: AddressInfo): string {
  const isAny = address === '0.0.0.0' || address === '::';
  return `http://${isAny ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** For the life of this process. */
function holdData({ database }: AppConfig): void {
  if (database.kind === 'server') return;
  const folder = DataFolder.take(database.folder);
  process.once('exit', () => folder.release());
}

function failure(error: unknown): { readonly text: string; readonly code: number } {
  if (error instanceof UsageError) return { text: `${error.message}\n\n${usage}`, code: 2 };
  if (error instanceof ConfigError || error instanceof BootError) return { text: error.message, code: 1 };
  const { code, port } = error as { readonly code?: string; readonly port?: number };
  if (code === 'EADDRINUSE') return { text: `PORT ${port} is in use: set PORT to another one`, code: 1 };
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return { text: 'HOST is not an address of this machine: set HOST to 127.0.0.1 or 0.0.0.0', code: 1 };
  if (code === 'EACCES' && port !== undefined)
    return { text: `PORT ${port} is not open to this user: set PORT to one above 1023`, code: 1 };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), code: 1 };
}

try {
  await start();
} catch (error) {
  const { text, code } = failure(error);
  console.error(text);
  // What was opened before the failure would keep the process alive.
  process.exit(code);
}
