import { setTimeout as sleep } from 'node:timers/promises';
import { RealtimeError, type Client } from '@millrace/client';
import { brewNote, postNote, spoilNote, writeNote } from '../../apps/notes/contracts.js';
import type { CommandEffect, CommandRecord } from './command-check.js';
import { until } from './until.js';

interface LoadOptions {
  readonly boards: readonly string[];
  /** Between two commands of one sender. */
  readonly pauseMs: number;
}

/** Senders that send one command after another until they are stopped, and write down what they were told. */
export class Load {
  readonly records: CommandRecord[] = [];
  readonly #senders: Promise<void>[] = [];
  #sent = 0;
  #stopped = false;

  constructor(private readonly options: LoadOptions) {}

  /** How many were sent; each of them ends in one record. */
  get sent(): number {
    return this.#sent;
  }

  add(client: Client): void {
    this.#senders.push(this.#run(client, this.#senders.length));
  }

  /**
   * Waits until so many more commands were applied, and then until one is under way: what is done to the node next
   * meets a system at work, however slow the machine is.
   */
  async progress(count: number): Promise<void> {
    const enough = this.#applied + count;
    await until(`${count} more commands were applied`, () => this.#applied >= enough, 20_000);
    await until('a command is under way', () => this.#sent > this.records.length);
  }

  get #applied(): number {
    return this.records.filter(({ outcome }) => outcome === 'applied').length;
  }

  /** Waits for every answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }

  async #run(client: Client, sender: number): Promise<void> {
    for (let step = sender; !this.#stopped; step++) {
      const board = this.options.boards[step % this.options.boards.length] ?? '';
      await this.#send(client, { board, text: `${sender}-${step}` }, step);
      await sleep(this.options.pauseMs);
    }
  }

  async #send(client: Client, note: { board: string; text: string }, step: number): Promise<void> {
    this.#sent++;
    const [effect, send] = kindOf(client, note, step);
    const sent = { text: note.text, effect, sentAt: performance.now() };
    try {
      const { event } = await send();
      this.records.push({ ...sent, outcome: 'applied', event, answeredAt: performance.now() });
    } catch (error) {
      if (!(error instanceof RealtimeError)) throw error;
      const { code, outcome = 'unknown' } = error;
      this.records.push({ ...sent, outcome, code, answeredAt: performance.now() });
    }
  }
}

type Send = () => Promise<{ readonly event: string }>;

function kindOf(client: Client, note: { board: string; text: string }, step: number): [CommandEffect, Send] {
  switch (step % 5) {
    case 0:
      return ['event', () => client.send(postNote, note)];
    case 1:
      return ['none', () => client.send(spoilNote, note)];
    case 2:
      // So that at any moment some commands are between their insert and their commit.
      return ['row', () => client.send(brewNote, { ...note, forMs: 150 })];
    default:
      return ['row', () => client.send(writeNote, note)];
  }
}
