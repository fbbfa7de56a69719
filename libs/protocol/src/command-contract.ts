/** One command: its name on the wire and, for the compiler, what goes in and what comes back. @publicApi */
export interface CommandContract<Input = unknown, Result = unknown> {
  /** What it is called on the wire: `noun.verb`. */
  readonly name: string;
  /** Only for the compiler; never there. */
  readonly '~types'?: { input: Input; result: Result };
}

/** What a command of the contract takes. @publicApi */
export type CommandInput<C extends CommandContract> = C extends CommandContract<infer Input, unknown> ? Input : never;

/** What a command of the contract answers with. @publicApi */
export type CommandResult<C extends CommandContract> =
  C extends CommandContract<unknown, infer Result> ? Result : never;

const NAME = /^[a-z][a-zA-Z0-9]*(?:\.[a-z][a-zA-Z0-9]*)+$/;
const MAX_LENGTH = 128;

/** Whether `text` is a command's name, `noun.verb`. @publicApi */
export function isCommandName(text: string): boolean {
  return text.length <= MAX_LENGTH && NAME.test(text);
}

/**
 * Declares a command, shared by server and client: `defineCommand<RecordDeparture, { id: number }>('departure.record')`.
 *
 * @throws TypeError when the name is not of the form `noun.verb`.
 * @publicApi
 */
export function defineCommand<Input = void, Result = void>(name: string): CommandContract<Input, Result> {
  if (!isCommandName(name)) throw new TypeError(`"${name}" is not a command name: it takes the form noun.verb`);
  return { name };
}
