import type { Answer, ControlFrame, EventsFrame, Handshake, LiveFrame, WireError } from '@millrace/protocol';
import type { ClientFrameName, Link, LinkListener } from '../transport/transport.port.js';

/** A frame of the client that waits for its answer. @publicApi */
export interface FakeRequest<Body extends object = object> {
  /** Which frame it is. */
  readonly name: ClientFrameName;
  /** What the client sent. */
  readonly body: Body;
  /** Answers it; `{ ok: true }` is added. A second answer is passed on too, as a faulty server would. */
  answer(body?: object): void;
  /** Answers with an error. */
  refuse(error: WireError): void;
}

/** The server's end of one connection. @publicApi */
export class FakeLink implements Link {
  /** What the client sent and the test has not taken yet, oldest first. */
  readonly requests: FakeRequest[] = [];
  /** Whether the client is told at once that it is still heard, when it asks. @defaultValue true */
  answersPings = true;
  /** `false`: what the client sends is not even taken, as on a connection that is over and does not know it. @defaultValue true */
  takesFrames = true;
  #listener: LinkListener | undefined;

  constructor(
    /** What the client sent when it connected. */
    readonly handshake: Handshake,
    listener: LinkListener,
  ) {
    this.#listener = listener;
  }

  /** Whether the client still holds this connection. */
  get isOpen(): boolean {
    return this.#listener !== undefined;
  }

  /** Lets the client in, and says for whom it speaks. */
  accept(session: string, subject?: string): void {
    this.open(session);
    this.control({ kind: 'welcome', session, ...(subject !== undefined && { subject }) });
  }

  /** Lets the client in without a `welcome`: it may not send yet. */
  open(session: string): void {
    this.#listener?.opened(session);
  }

  /** Ends the connection: by a refusal of the handshake, or without a word. */
  drop(refusal?: WireError): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed('dropped', refusal);
  }

  /** Sends events of a durable channel. */
  events(frame: EventsFrame): void {
    this.#listener?.frame({ name: 'events', body: frame });
  }

  /** Sends live events. */
  live(frame: LiveFrame): void {
    this.#listener?.frame({ name: 'live', body: frame });
  }

  /** Sends a control frame. */
  control(frame: ControlFrame): void {
    this.#listener?.frame({ name: 'control', body: frame });
  }

  /** Called by the client. */
  send(name: ClientFrameName, body: object, onAnswer: (answer: unknown) => void): boolean {
    if (!this.takesFrames) return false;
    const pass = (answer: Answer) => {
      if (this.isOpen) onAnswer(answer);
    };
    this.requests.push({
      name,
      // What crosses the wire is a copy.
      body: JSON.parse(JSON.stringify(body)) as object,
      answer: (more = {}) => pass({ ok: true, ...more }),
      refuse: (error) => pass({ ok: false, error }),
    });
    if (name === 'ping' && this.answersPings) this.requests.pop()?.answer();
    return true;
  }

  /** The client leaves. */
  close(): void {
    this.#listener = undefined;
  }
}
