import 'reflect-metadata';
import { Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';
import { createClient, type Client } from '@millrace/client';
import {
  ChannelPolicy,
  ChannelPublisher,
  Command,
  EndpointsModule,
  Gateway,
  MillraceDatabase,
  MillraceModule,
  Payload,
  Tx,
  type Policy,
  type Transaction,
} from '@millrace/nest';
import { defineChannel, defineCommand, event } from '@millrace/protocol';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const notes = defineChannel('notes.:book', {
  delivery: 'durable',
  events: { 'note.written': event<{ text: string }>() },
});
const writeNote = defineCommand<{ book: string; text: string; count: number }, { id: string }>('note.write');

class WriteNoteDto {
  @IsString() book!: string;
  @IsString() text!: string;
  @IsInt() count!: number;
}

@Gateway()
class NoteGateway {
  constructor(private readonly publisher: ChannelPublisher) {}

  @Command(writeNote)
  async write(@Payload() dto: WriteNoteDto, @Tx() tx: Transaction): Promise<{ id: string }> {
    await tx.query('insert into note (text) values ($1)', [dto.text]);
    const { id } = await this.publisher.publish(notes, { book: dto.book }, 'note.written', { text: dto.text });
    return { id };
  }
}

@ChannelPolicy(notes)
class NotePolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

@Injectable()
class NoteTable {
  constructor(private readonly database: MillraceDatabase) {}

  async onModuleInit(): Promise<void> {
    await this.database.script('create table if not exists note (text text)');
  }
}

@Module({
  imports: [
    MillraceModule.forRootAsync({
      useFactory: () => ({
        embedded: {},
        authenticate: { authenticate: async (token) => ({ principal: { name: token }, subject: token }) },
        session: { drainSpreadMs: 10 },
      }),
    }),
    EndpointsModule,
  ],
  providers: [NoteGateway, NotePolicy, NoteTable],
})
class NoteModule {}

let app: INestApplication;
let url: string;
const clients: Client[] = [];

beforeAll(async () => {
  app = await NestFactory.create(NoteModule, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterAll(async () => {
  for (const client of clients) client.close();
  await app.close();
});

function connect(): Client {
  const client = createClient({ url, token: () => 'ada' });
  clients.push(client);
  return client;
}

it('brings a command in, its event out, and replays what was missed', async () => {
  const [writer, reader] = [connect(), connect()];
  const seen: string[] = [];
  const recovered = vi.fn<(recovery: { count: number }) => void>();
  const subscription = reader.subscribe(notes, { book: 'red' });
  subscription.on('note.written', ({ text }, { offset }) => seen.push(`${offset} ${text}`));
  subscription.on('recovered', recovered);
  await vi.waitFor(() => expect(subscription.state).toBe('subscribed'));

  const { id } = await writer.send(writeNote, { book: 'red', text: 'one', count: 1 });
  expect(id).toMatch(/^[\w-]{36}$/);
  await vi.waitFor(() => expect(seen).toEqual(['1 one']));

  reader.disconnect();
  await writer.send(writeNote, { book: 'red', text: 'two', count: 1 });
  await writer.send(writeNote, { book: 'red', text: 'three', count: 1 });
  reader.connect();
  await vi.waitFor(() => expect(seen).toEqual(['1 one', '2 two', '3 three']));
  expect(recovered).toHaveBeenCalledWith({ count: 2 });

  await expect(
    writer.send(writeNote, { book: 'red', text: 'four', count: 'x' as unknown as number }),
  ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

it('shows itself', async () => {
  expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({ status: 'ok' });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('realtime_hub_');
});
