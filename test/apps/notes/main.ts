import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { useRealtime } from '@millrace/nest';
import { readConfig } from './notes.config.js';
import { NotesModule } from './notes.module.js';

// A node does not outlive its test, which may have been killed itself.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();

const config = readConfig();
const app = await NestFactory.create<NestExpressApplication>(NotesModule.from(config), { logger: ['error', 'warn'] });
// For the rooms of the lobby.
useRealtime(app);
app.enableShutdownHooks();
await app.listen(config.port, '127.0.0.1');
console.log(JSON.stringify({ port: Number(new URL(await app.getUrl()).port) }));
