import type pg from 'pg';
import { judgeCommands, type CommandVerdict } from './command-check.js';
import { readLog } from './event-log.js';
import { judgeJournals, type JournalVerdict, type LoggedEvent } from './journal-check.js';
import type { JournalKeeper } from './journal-keeper.js';
import type { Load } from './load.js';
import { until } from './until.js';

interface Run {
  readonly sql: pg.Pool;
  readonly keepers: readonly JournalKeeper[];
  readonly load: Load;
}

interface Verdict {
  readonly log: readonly LoggedEvent[];
  readonly journals: JournalVerdict;
  readonly commands: CommandVerdict;
}

/** Waits until every reader stands at its channel's head, then holds journals and answers against the tables. */
export async function judgeRun({ sql, keepers, load }: Run): Promise<Verdict> {
  const log = await readLog(sql);
  const heads = new Map(log.map(({ channel, offset }) => [channel, offset]));
  await until('all have caught up', () =>
    keepers.every(({ subscription, offset }) => offset === (heads.get(subscription.channel) ?? 0)),
  );
  const journals = judgeJournals(
    keepers.map(({ journal }) => journal),
    log,
  );
  const { rows } = await sql.query<{ text: string }>('select text from note');
  const commands = judgeCommands(
    load.records,
    rows.map(({ text }) => text),
    log,
  );
  return { log, journals, commands };
}
