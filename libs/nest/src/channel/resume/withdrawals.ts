import type { ChannelName, Epoch, Offset, Position } from '@millrace/protocol';
import type { Clock } from '../../core/clock.js';
import { readDenial, type Denial } from '../../core/denial.js';
import { Rounds } from '../../core/rounds.js';
import type { StreamEvent } from '../../core/stream-event.js';
import type { StreamStore } from '../../stream/stream-store.port.js';
import { accessChannelName, readRevocation, type Revocation } from '../access-channel.js';

/** One withdrawal, in the channel of withdrawals. */
export interface Withdrawn {
  readonly offset: number;
  /** When it was numbered, in ms since 1970. */
  readonly time: number;
}

type WithdrawalEvent = Pick<StreamEvent, 'type' | 'data' | 'time'> & { readonly offset: number };

/** Of most installations all that their log has. */
const MAX_KNOWN = 50_000;
const PAGE = { maxEvents: 2_000, maxBytes: 1_048_576 };
/** How soon those that the hub left out are read. */
const RETRY_MS = 250;
const EVERYBODY: Revocation = {};

/**
 * The newest withdrawal of each kind, so that whoever comes back is told of it without a read of the log. Read once, then
 * fed by what the hub carries out. Beyond a bound the oldest are forgotten, and with them what they could have proved.
 */
export class Withdrawals {
  readonly #newest = new Map<string, Withdrawn>();
  #epoch: Epoch | undefined;
  /** Those behind it are known. */
  #since = 0;
  #holes = 0;
  #holesRead = 0;
  readonly #rounds: Rounds;

  constructor(
    private readonly store: Pick<StreamStore, 'head' | 'history'>,
    clock: Clock,
    private readonly maxKnown = MAX_KNOWN,
  ) {
    this.#rounds = new Rounds(clock, RETRY_MS, async () => {
      if (!this.isWhole) await this.#load();
    });
  }

  /** After the hub follows the channel, so that none falls between, and before the first client. */
  async start(): Promise<void> {
    await this.#load();
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Whether none is missing among those that this node has carried out. */
  get isWhole(): boolean {
    return this.#holesRead === this.#holes;
  }

  /** The newest one for `subject` on `channel`. */
  of(subject: string, channel: ChannelName): Withdrawn | undefined {
    const kinds = [{ subject, channel }, { subject }, { channel }, EVERYBODY];
    const found = kinds.flatMap((kind) => this.#newest.get(keyOf(kind)) ?? []);
    return found.toSorted((one, other) => other.offset - one.offset || other.time - one.time)[0];
  }

  /** Whether all withdrawals behind `offset` are known. */
  covers(epoch: Epoch, offset: number): boolean {
    return epoch === this.#epoch && offset >= this.#since;
  }

  /** The node is about to carry out `event`. */
  note(epoch: string, event: WithdrawalEvent): void {
    if (epoch !== this.#epoch) this.#begin(epoch as Epoch, event.offset - 1);
    const revocation = revocationIn(event);
    if (revocation) this.#keep(keyOf(revocation), event);
  }

  /** The hub left some out: until they are read, nobody knows who lost what. */
  missed(): void {
    this.#holes++;
  }

  async #load(): Promise<void> {
    const holes = this.#holes;
    await this.#read();
    this.#holesRead = holes;
  }

  async #read(): Promise<void> {
    const head = await this.store.head(accessChannelName);
    // The place of an event that nobody needs: its time only bounds the search.
    const skipped = head.offset - this.maxKnown;
    let after: Position | undefined =
      skipped > 0 ? { epoch: head.epoch, offset: skipped as Offset, id: 'skipped', time: 0 } : undefined;
    if (head.epoch !== this.#epoch) this.#begin(head.epoch, head.offset);
    for (let isFirst = true; ; isFirst = false) {
      const page = await this.store.history(accessChannelName, after, PAGE);
      if (page.outcome === 'unrecoverable' && page.reason === 'expired' && isFirst && after) {
        after = undefined;
        continue;
      }
      if (page.outcome === 'unrecoverable') throw new Error(`The withdrawals were replaced while they were read`);
      if (page.position.epoch !== this.#epoch) this.#begin(page.position.epoch, page.head.offset);
      const [first] = page.events;
      if (isFirst || !after) this.#since = first ? Math.min(this.#since, first.offset - 1) : this.#since;
      for (const event of page.events) {
        const revocation = revocationIn(event);
        if (revocation) this.#keep(keyOf(revocation), event);
      }
      if (page.outcome === 'complete') return;
      after = page.position;
    }
  }

  /** Another life of the channel: what is known was before all that is to come. */
  #begin(epoch: Epoch, since: number): void {
    this.#epoch = epoch;
    this.#since = since;
    for (const [key, { time }] of this.#newest) this.#newest.set(key, { offset: 0, time });
  }

  #keep(key: string, { offset, time }: WithdrawalEvent): void {
    const known = this.#newest.get(key);
    if (known && known.offset > offset) return;
    // The oldest stay in front.
    this.#newest.delete(key);
    this.#newest.set(key, { offset, time });
    if (this.#newest.size <= this.maxKnown) return;
    const [oldest] = this.#newest;
    if (!oldest) return;
    this.#newest.delete(oldest[0]);
    this.#since = Math.max(this.#since, oldest[1].offset);
  }
}

/** Neither a subject nor a channel has a line break. */
const keyOf = ({ subject, channel }: Revocation): string => `${subject ?? ''}\n${channel ?? ''}`;

/** What names nobody meant somebody: it counts for everybody, as it does when it is carried out. */
function revocationIn({ type, data }: WithdrawalEvent): Revocation | undefined {
  if (type !== 'access.revoked' && type !== 'access.denied') return undefined;
  try {
    if (type === 'access.denied') return blockIn(readDenial(JSON.parse(data)));
    return readRevocation(JSON.parse(data)) ?? EVERYBODY;
  } catch {
    return EVERYBODY;
  }
}

/** Who is blocked has no right to what is published meanwhile; a token that is revoked takes none away. */
function blockIn(denial: Denial | undefined): Revocation | undefined {
  if (!denial) return EVERYBODY;
  return denial.kind === 'subject' ? { subject: denial.key } : undefined;
}
