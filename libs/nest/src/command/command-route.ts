import type { CommandAnswer, CommandFrame } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import type { JsonBounds } from '../core/json-bounds.js';
import type { CodedAnswer } from '../session/coded-answer.js';
import type { FrameRoute } from '../session/frame-route.js';
import type { Session } from '../session/session.js';
import { WireRefusal } from '../session/wire-refusal.js';
import type { Recorder } from '../telemetry/recorder.js';
import { CommandDeadline } from './command-deadline.js';
import { readCommandFrame } from './command-frame.js';
import type { CommandHandler } from './command-handler.js';
import type { CommandOptions } from './command.options.js';
import { commandsAnswered, commandSeconds } from './command.metrics.js';
import { CommandPlaces, type CommandPlace } from './command-places.js';
import { plainResult } from './command-result.js';
import { refusedByPipe } from './refused-by-pipe.js';
import { RunningCommand } from './running-command.js';

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
  readonly hasOutcome = true;
  readonly limit = 'commands';
  readonly #handlers = new Map<string, CommandHandler>();
  readonly #places: CommandPlaces;

  constructor(private readonly parts: CommandRouteParts) {
    const { maxCommandsInFlight, options, recorder } = parts;
    this.#places = new CommandPlaces({ ofSession: maxCommandsInFlight, ofNode: options.maxInFlight }, recorder);
  }

  /** Takes the handlers that the explorer found. */
  register(handlers: readonly CommandHandler[]): void {
    for (const handler of handlers) this.#handlers.set(handler.metadata.name, handler);
  }

  /** Commands of `session` that run, those included that were answered at their deadline. */
  inFlight(session: Session): number {
    return this.#places.takenBy(session);
  }

  async handle(session: Session, body: unknown): Promise<CommandAnswer> {
    const { clock, recorder } = this.parts;
    const startedAt = clock.monotonic();
    try {
      const answer = await this.#admit(session, body);
      recorder.count(commandsAnswered, { result: 'ok' });
      return answer;
    } catch (error) {
      recorder.count(commandsAnswered, { result: answerKind(error) });
      throw error;
    } finally {
      recorder.observe(commandSeconds, {}, (clock.monotonic() - startedAt) / 1000);
    }
  }

  #admit(session: Session, body: unknown): Promise<CommandAnswer> {
    const frame = readCommandFrame(body);
    const handler = this.#handlers.get(frame.name);
    if (!handler) throw new CodedError('COMMAND_UNKNOWN', { outcome: 'not-applied' });
    const place = this.#places.take(session, frame.id);
    return this.#run({ session, handler, frame, place });
  }

  async #run({ session, handler, frame, place }: Admitted): Promise<CommandAnswer> {
    const { clock, options, answers, bounds } = this.parts;
    const { id, name, data } = frame;
    const { deadlineMs = options.deadlineMs } = handler.metadata;
    const deadline = new CommandDeadline(clock, { deadlineMs, endTimeoutMs: options.endTimeoutMs });
    const command = new RunningCommand({ id, name, session, limit: deadline });
    try {
      const value = await this.#settled(deadline, command, handler.start(data, command));
      const result = plainResult(value, bounds);
      return { ...(result !== undefined && { result }), ...(command.staged.length > 0 && { events: command.staged }) };
    } catch (error) {
      const refusal = command.wasStarted ? error : refusedByPipe(error);
      throw new WireRefusal(answers.of(refusal, `command ${name}`, command.outcome));
    } finally {
      place.answered();
      command.whenDone(() => place.left());
    }
  }

  /**
   * What the command is answered with, but not before its transactions have ended: an interceptor may answer early, and
   * whoever hangs, guard, handler or interceptor, the client is answered at the deadline.
   */
  async #settled(deadline: CommandDeadline, command: RunningCommand, answer: Promise<unknown>): Promise<unknown> {
    try {
      return await deadline.before(() => answer);
    } finally {
      command.end();
      const closed = command.closed();
      try {
        // Whatever an interceptor says, while COMMIT does not answer there is no success.
        if (closed) await deadline.orGiveUp(closed);
      } finally {
        deadline.cancel();
      }
    }
  }
}

interface Admitted {
  readonly session: Session;
  readonly handler: CommandHandler;
  readonly frame: CommandFrame;
  readonly place: CommandPlace;
}

function codeOf(error: unknown): string {
  if (error instanceof WireRefusal) return error.wire.code;
  return error instanceof CodedError ? error.code : '';
}

function answerKind(error: unknown): (typeof commandsAnswered.labels.result)[number] {
  switch (codeOf(error)) {
    case 'VALIDATION_FAILED':
    case 'VALUE_INVALID':
      return 'invalid';
    case 'BUSY':
    case 'COMMANDS_IN_FLIGHT':
      return 'busy';
    case 'DEADLINE_EXCEEDED':
      return 'deadline';
    case 'INTERNAL':
      return 'failed';
    default:
      return 'refused';
  }
}
