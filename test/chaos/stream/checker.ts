/** What a process knows of an event that it published. Times are in µs of one clock. */
export interface PublishRecord {
  readonly id: string;
  readonly channel: string;
  readonly begun: number;
  /** `refused`: rolled back, or never taken. `unknown`: the answer was lost. */
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
  readonly acknowledged?: number;
  /** What a direct publisher was told. */
  readonly offset?: number;
}

export interface LoggedEvent {
  readonly pos: number;
  readonly channel: string;
  readonly epoch: string;
  readonly offset: number;
  readonly id: string;
}

export interface Verdict {
  readonly events: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** Acknowledged and not in the log. */
  readonly lost: number;
  /** In the log more than once. */
  readonly doubled: number;
  /** In the log although rolled back, or published by nobody. */
  readonly ghosts: number;
  /** Offsets of a channel that are missing or given twice, and channels that changed their epoch. */
  readonly holes: number;
  /** Events with an event behind them that was acknowledged before they were published. */
  readonly overtaken: number;
  /** Direct publishers who were told another offset than the one in the log. */
  readonly misinformed: number;
  /** Events that a follower of `pos > last` never saw. */
  readonly missed: number;
}

export function judge(
  records: readonly PublishRecord[],
  log: readonly LoggedEvent[],
  followed: ReadonlySet<string>,
): Verdict {
  const published = new Map(records.map((record) => [record.id, record]));
  const logged = new Map(log.map((event) => [event.id, event]));
  const withOutcome = (outcome: PublishRecord['outcome']): PublishRecord[] =>
    records.filter((record) => record.outcome === outcome);
  const channels = [...byChannel(log).values()];
  return {
    events: log.length,
    acknowledged: withOutcome('acknowledged').length,
    refused: withOutcome('refused').length,
    unknown: withOutcome('unknown').length,
    lost: withOutcome('acknowledged').filter(({ id }) => !logged.has(id)).length,
    doubled: log.length - logged.size,
    ghosts: log.filter(({ id }) => (published.get(id)?.outcome ?? 'refused') === 'refused').length,
    holes: sum(channels.map(holesOf)),
    overtaken: sum(channels.map((events) => overtakenIn(events, published))),
    misinformed: records.filter(({ id, offset }) => offset !== undefined && logged.get(id)?.offset !== offset).length,
    missed: log.filter(({ id }) => !followed.has(id)).length,
  };
}

/** The parts of a verdict that have to be 0. */
export function faultsOf({ lost, doubled, ghosts, holes, overtaken, misinformed, missed }: Verdict) {
  return { lost, doubled, ghosts, holes, overtaken, misinformed, missed };
}

export const noFaults = { lost: 0, doubled: 0, ghosts: 0, holes: 0, overtaken: 0, misinformed: 0, missed: 0 };

function holesOf(events: readonly LoggedEvent[]): number {
  const offsets = events.map(({ offset }) => offset).toSorted((a, b) => a - b);
  const wrong = offsets.filter((offset, index) => offset !== index + 1).length;
  return wrong + new Set(events.map(({ epoch }) => epoch)).size - 1;
}

function overtakenIn(events: readonly LoggedEvent[], published: ReadonlyMap<string, PublishRecord>): number {
  let earliestAcknowledged = Infinity;
  let overtaken = 0;
  for (const { id } of events.toSorted((a, b) => b.offset - a.offset)) {
    const record = published.get(id);
    if (!record) continue;
    if (record.begun > earliestAcknowledged) overtaken++;
    earliestAcknowledged = Math.min(earliestAcknowledged, record.acknowledged ?? Infinity);
  }
  return overtaken;
}

function byChannel(log: readonly LoggedEvent[]): ReadonlyMap<string, readonly LoggedEvent[]> {
  const channels = new Map<string, LoggedEvent[]>();
  for (const event of log) {
    const events = channels.get(event.channel);
    if (events) events.push(event);
    else channels.set(event.channel, [event]);
  }
  return channels;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
