import { encodePosition, type HistoryAnswer } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { onWire } from '../core/wire-event.js';
import type { Hub } from '../hub/hub.js';
import type { CodedAnswer } from '../session/coded-answer.js';
import type { FrameRoute } from '../session/frame-route.js';
import type { Session } from '../session/session.js';
import { WireRefusal } from '../session/wire-refusal.js';
import type { HistoryPage } from '../stream/stream-store.port.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { Authorizer } from './authorizer.js';
import { readChannel, readHistoryFrame, readPosition } from './channel-frames.js';
import { historyPagesAnswered } from './channel.metrics.js';
import type { ChannelOptions } from './channel.options.js';

export interface HistoryRouteParts {
  readonly hub: Hub;
  readonly authorizer: Authorizer;
  readonly answers: Pick<CodedAnswer, 'ofRepeatable'>;
  readonly recorder: Recorder;
  readonly options: ChannelOptions;
}

/** How often the policy is asked again when withdrawals, anybody's, keep coming while it is asked. */
const MAX_TRIES = 5;

/** `history`: the events of a durable channel, page by page. */
export class HistoryRoute implements FrameRoute {
  readonly name = 'history';
  readonly limit = 'history';

  constructor(private readonly parts: HistoryRouteParts) {}

  async handle(session: Session, body: unknown): Promise<HistoryAnswer> {
    const { answers, recorder } = this.parts;
    try {
      const page = await this.#page(session, body);
      recorder.count(historyPagesAnswered, { outcome: page.outcome });
      return answerWith(page);
    } catch (error) {
      recorder.count(historyPagesAnswered, { outcome: 'refused' });
      throw new WireRefusal(answers.ofRepeatable(error, this.name));
    }
  }

  /** Nothing came of reading. */
  withhold(): void {}

  async #page(session: Session, body: unknown): Promise<HistoryPage> {
    const frame = readHistoryFrame(body);
    const channel = readChannel(frame.channel);
    const after = readPosition(frame.after);
    const { authorizer, hub, options } = this.parts;
    const maxBytes = Math.min(options.pageMaxBytes, frame.maxBytes ?? Infinity);
    const limits = { maxEvents: frame.limit, maxBytes };
    let [{ generation }, { principal }] = [authorizer, session];
    const { delivery } = await authorizer.authorize('history', session, channel);
    if (delivery === 'live') throw new CodedError('NOT_DURABLE');
    const page = await hub.history(channel, { after, limits, asker: session.payer });
    // Access may have been withdrawn, or a fresh token have come, meanwhile, while this is asked too; then the policy has the last word.
    for (let tries = 0; authorizer.generation !== generation || session.principal !== principal; tries++) {
      if (tries === MAX_TRIES) throw new CodedError('BUSY', { retryAfterMs: options.busyRetryAfterMs });
      [{ generation }, { principal }] = [authorizer, session];
      await authorizer.authorize('history', session, channel);
    }
    return page;
  }
}

function answerWith(page: HistoryPage): HistoryAnswer {
  if (page.outcome === 'unrecoverable') {
    return { outcome: page.outcome, reason: page.reason, events: [], position: encodePosition(page.head) };
  }
  return { outcome: page.outcome, events: page.events.map(onWire), position: encodePosition(page.position) };
}
