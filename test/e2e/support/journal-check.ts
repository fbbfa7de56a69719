export interface LoggedEvent {
  readonly channel: string;
  readonly epoch: string;
  readonly offset: number;
  readonly id: string;
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

/** What one subscriber of one channel was handed, in its order. */
export interface Journal {
  readonly reader: string;
  readonly channel: string;
  /** The offset at which the subscription began: everything after it is owed. */
  readonly after: number;
  readonly events: readonly Omit<LoggedEvent, 'channel'>[];
}

export interface JournalVerdict {
  readonly journals: number;
  readonly owed: number;
  readonly handed: number;
  /** In the log and not in the journal. */
  readonly lost: number;
  /** In the journal more than once. */
  readonly doubled: number;
  /** After an event that stands behind it in the log. */
  readonly swapped: number;
  /** Not in the log, or not as it stands there, or not owed: of another epoch, with other data, from before. */
  readonly foreign: number;
}

export const cleanJournals = { lost: 0, doubled: 0, swapped: 0, foreign: 0 };

/** Compares journals with the log; `log` is in the order in which it was numbered. */
export function judgeJournals(journals: readonly Journal[], log: readonly LoggedEvent[]): JournalVerdict {
  const channels = new Map<string, LoggedEvent[]>();
  for (const event of log) {
    const events = channels.get(event.channel);
    if (events) events.push(event);
    else channels.set(event.channel, [event]);
  }
  const verdict = { journals: journals.length, owed: 0, handed: 0, ...cleanJournals };
  for (const journal of journals) {
    const one = judgeJournal(journal, channels.get(journal.channel) ?? []);
    for (const key of ['owed', 'handed', 'lost', 'doubled', 'swapped', 'foreign'] as const) verdict[key] += one[key];
  }
  return verdict;
}

function judgeJournal({ after, events }: Journal, log: readonly LoggedEvent[]) {
  const [first] = log;
  const owed = log.filter(({ epoch, offset }) => epoch !== first?.epoch || offset > after);
  const places = new Map(owed.map((event, place) => [placeOf(event), { event, place }]));
  const seen = new Set<number>();
  const counts = { owed: owed.length, handed: events.length, ...cleanJournals };
  let furthest = -1;
  for (const event of events) {
    const found = places.get(placeOf(event));
    if (!found || !isSame(found.event, event)) counts.foreign++;
    else if (seen.has(found.place)) counts.doubled++;
    else {
      if (found.place < furthest) counts.swapped++;
      seen.add(found.place);
      furthest = Math.max(furthest, found.place);
    }
  }
  counts.lost = owed.length - seen.size;
  return counts;
}

const placeOf = ({ epoch, offset }: Omit<LoggedEvent, 'channel'>): string => `${epoch} ${offset}`;

/** The journal's data went through JSON once more, which may have moved blanks. */
function isSame(logged: LoggedEvent, handed: Omit<LoggedEvent, 'channel'>): boolean {
  if (logged.id !== handed.id || logged.type !== handed.type) return false;
  return logged.data === handed.data || JSON.stringify(JSON.parse(logged.data)) === handed.data;
}
