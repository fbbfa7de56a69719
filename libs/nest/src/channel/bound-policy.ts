import type { ChannelContract, ChannelName } from '@millrace/protocol';
import { CONTEXT_ARGUMENT, type Invocation, type NestInvoker } from '../session/nest-invoker.js';
import type { Session } from '../session/session.js';
import type { Policy } from './policy.js';
import { LineLogger } from '../core/log/line-logger.js';

export type Purpose = 'subscribe' | 'history';

type Params = Readonly<Record<string, string>>;

interface Question {
  /** For `sessionOf()`, by which guards learn who asks. */
  readonly session: Session;
  readonly params: Params;
}

/** A policy with Nest's enhancers around its methods. */
export class BoundPolicy {
  /** Whether it says something of its own about the history; else what it says about subscribing counts for both. */
  readonly tellsHistoryApart: boolean;
  readonly #invocations: Readonly<Record<Purpose, Invocation>>;
  #isWarned = false;

  constructor(
    readonly contract: ChannelContract,
    policy: Policy,
    invoker: Pick<NestInvoker, 'bind'>,
  ) {
    const subscribe = invoker.bind(policy, 'subscribe', ask);
    this.tellsHistoryApart = policy.history !== undefined;
    this.#invocations = { subscribe, history: policy.history ? invoker.bind(policy, 'history', ask) : subscribe };
  }

  /** Whatever a filter or an interceptor makes of an error or an answer, only `true` is a yes. */
  async allows(purpose: Purpose, session: Session, channel: ChannelName, params: Params): Promise<boolean> {
    const question: Question = { session, params };
    const answer = await this.#invocations[purpose](session, { channel, params }, question, channel);
    if (typeof answer !== 'boolean') this.#warn(purpose);
    return answer === true;
  }

  /** Once: it would say so for every subscriber. */
  #warn(purpose: Purpose): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const who = `The policy of ${this.contract.pattern}`;
    const why = 'an interceptor or filter of the application may have put something in its place';
    new LineLogger().warn(`${who} did not answer ${purpose} with true or false, so it is refused: ${why}`);
  }
}

/** Policy methods have no decorated parameters, so what arrives are the arguments of the invocation as they were. */
function ask(call: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  const { session, params } = args[CONTEXT_ARGUMENT] as Question;
  return call(session.principal, params);
}
