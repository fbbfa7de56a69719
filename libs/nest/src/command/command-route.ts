import type { CommandAnswer, CommandFrame } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import type { JsonBounds } from '../core/json-bounds.js';
import type { CodedAnswer } from '../session/coded-answer.js';
import type { FrameRoute } from '../session/frame-route.js';
import type { Session } from '../session/session.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { CommandContext } from './command-context.js';
import { readCommandFrame } from './command-frame.js';
import type { CommandHandler, CommandRun } from './command-handler.js';
import type { CommandOptions } from './command.options.js';
import { commandsAnswered, commandSeconds } from './command.metrics.js';
import { plainResult } from './command-result.js';
import { WireRefusal } from '../session/wire-refusal.js';

export interface CommandRouteParts {
  readonly answers: CodedAnswer;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly options: CommandOptions;
  readonly maxCommandsInFlight: number;
  readonly bounds: JsonBounds;
}

/** The one wire event of all commands: finds the handler, holds the deadline, answers once. */
export class CommandRoute implements FrameRoute {
  readonly name = 'command';
  readonly #handlers = new Map<string, CommandHandler>();
  readonly #inFlight = new WeakMap<Session, Set<string>>();

  constructor(private readonly parts: CommandRouteParts) {}

  /** Takes the handlers that the explorer found. */
  register(handlers: readonly CommandHandler[]): void {
    for (const handler of handlers) this.#handlers.set(handler.metadata.name, handler);
  }

  async handle(session: Session, body: unknown): Promise<CommandAnswer> {
    const frame = readCommandFrame(body);
    const handler = this.#handlers.get(frame.name);
    if (!handler) throw new CodedError('COMMAND_UNKNOWN', { outcome: 'not-applied' });
    const inFlight = this.#admit(session, frame.id);
    const startedAt = this.parts.clock.now();
    try {
      const answer = await this.#run(session, handler, frame);
      this.parts.recorder.count(commandsAnswered, { result: 'ok' });
      return answer;
    } catch (error) {
      this.parts.recorder.count(commandsAnswered, { result: answerKind(error) });
      throw error;
    } finally {
      inFlight.delete(frame.id);
      this.parts.recorder.observe(commandSeconds, {}, (this.parts.clock.now() - startedAt) / 1000);
    }
  }

  #admit(session: Session, id: string): Set<string> {
    const inFlight = this.#inFlight.get(session) ?? new Set();
    this.#inFlight.set(session, inFlight);
    if (inFlight.has(id)) throw new CodedError('COMMAND_DUPLICATE');
    if (inFlight.size >= this.parts.maxCommandsInFlight) {
      throw new CodedError('COMMANDS_IN_FLIGHT', { outcome: 'not-applied', retryAfterMs: RETRY_AFTER_MS });
    }
    return inFlight.add(id);
  }

  async #run(session: Session, handler: CommandHandler, { id, name, data }: CommandFrame): Promise<CommandAnswer> {
    const deadline = new AbortController();
    const timeoutMs = handler.metadata.deadlineMs ?? this.parts.options.deadlineMs;
    const cancel = this.parts.clock.after(timeoutMs, () => deadline.abort(new CodedError('DEADLINE_EXCEEDED')));
    const context: CommandContext = { id, name, session, deadline: deadline.signal, transactionSlot: {} };
    const { run, result } = handler.start(data, context);
    try {
      const value = plainResult(await beforeDeadline(result, run, deadline.signal), this.parts.bounds);
      return {
        ...(value !== undefined && { result: value }),
        ...(run.staged.length > 0 && run.outcome === 'applied' && { events: run.staged }),
      };
    } catch (error) {
      throw new WireRefusal(this.parts.answers.of(error, `command ${name}`, run.outcome));
    } finally {
      cancel();
    }
  }
}

const RETRY_AFTER_MS = 100;

/** Whoever hangs, guard, handler or interceptor, the client is answered; but only when the roll-back is done. */
async function beforeDeadline(result: Promise<unknown>, run: CommandRun, deadline: AbortSignal): Promise<unknown> {
  result.catch(() => {});
  let stopWaiting = (): void => {};
  const passed = new Promise<never>((_, reject) => {
    const onAbort = (): void => void run.closed.then(() => reject(deadline.reason as Error));
    deadline.addEventListener('abort', onAbort, { once: true });
    stopWaiting = () => deadline.removeEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([result, passed]);
  } finally {
    stopWaiting();
  }
}

function answerKind(error: unknown): (typeof commandsAnswered.labels.result)[number] {
  switch (error instanceof WireRefusal ? error.wire.code : '') {
    case 'VALIDATION_FAILED':
      return 'invalid';
    case 'DEADLINE_EXCEEDED':
      return 'deadline';
    case 'INTERNAL':
      return 'failed';
    default:
      return 'refused';
  }
}
