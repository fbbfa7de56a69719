import { isChannelName, isChannelSegment, type ChannelName } from './channel-name.js';

/**
 * `durable`: stored in the transaction that caused it, numbered, replayed after a reconnect.
 * `live`: handed to whoever is connected at that moment, at most once, never stored.
 *
 * @publicApi
 */
export type Delivery = 'durable' | 'live';

/** Carries the type of an event's data; it has no value at run time. @publicApi */
export interface EventContract<Data> {
  /** Only for the compiler; never there. Not a symbol: those of the two builds would be two types. */
  readonly '~data'?: Data;
}

/** Declares the data of one event: `events: { 'departure.recorded': event<Departure>() }`. @publicApi */
export function event<Data>(): EventContract<Data> {
  return {};
}

/** The parameters that a pattern such as `desk.:airport` asks for. @publicApi */
export type ChannelParams<Pattern extends string> = {
  readonly [Key in ParamNames<Pattern>]: string;
};

/** The names of the parameters of a pattern: `'airport'` of `desk.:airport`. @publicApi */
export type ParamNames<Pattern extends string> = Pattern extends `${infer Head}.${infer Tail}`
  ? ParamNames<Head> | ParamNames<Tail>
  : Pattern extends `:${infer Name}`
    ? Name
    : never;

/** What a subscription itself tells of: an event of that name could not be told apart, and would reach nobody. */
const reserved: Readonly<Record<keyof NoReservedEvents, true>> = {
  discontinuity: true,
  recovered: true,
  error: true,
  state: true,
};

/** Whether no event may have this name. @publicApi */
export const isReservedEventType = (type: string): boolean => Object.hasOwn(reserved, type);

/** The events of a family of channels, by their names. @publicApi */
export type EventContracts = Readonly<Record<string, EventContract<unknown>>>;

/** The names that `defineChannel` refuses for events, as a type. @publicApi */
export type NoReservedEvents = { readonly [Name in 'discontinuity' | 'recovered' | 'error' | 'state']?: never };

/** A family of channels: their names, their delivery and the events on them. @publicApi */
export interface ChannelContract<
  Pattern extends string = string,
  Events extends EventContracts = EventContracts,
  D extends Delivery = Delivery,
> {
  /** The name with its parameters: `desk.:airport`. */
  readonly pattern: Pattern;
  /** `durable`: stored, numbered, replayed. `live`: to whoever is there, at most once. */
  readonly delivery: D;
  /** The events of the channel, by type. */
  readonly events: Events;
}

/** The names of the events of a contract. @publicApi */
export type EventType<C extends ChannelContract> = keyof C['events'] & string;

/** The data of one event of a contract. @publicApi */
export type EventData<C extends ChannelContract, Type extends EventType<C>> =
  C['events'][Type] extends EventContract<infer Data> ? Data : never;

/** The parameters of a contract's pattern. @publicApi */
export type ParamsOf<C extends ChannelContract> = ChannelParams<C['pattern']>;

/**
 * Declares a family of channels, shared by server and client. A segment that starts with `:` is a parameter.
 *
 * @throws TypeError when the pattern is no channel name once its parameters are filled in, or names one twice, when it
 * begins with the segment `_millrace`, which is the nodes' own, or when an event is called `discontinuity`, `recovered`, `error` or `state`.
 * @publicApi
 */
export function defineChannel<const Pattern extends string, Events extends EventContracts, D extends Delivery>(
  pattern: Pattern,
  definition: { readonly delivery: D; readonly events: Events & NoReservedEvents },
): ChannelContract<Pattern, Events, D> {
  const segments = segmentsOf(pattern);
  const names = segments.flatMap(({ param }) => param ?? []);
  if (!isChannelName(segments.map(({ text, param = text }) => param).join('.')))
    throw new TypeError(`"${pattern}" is not a channel pattern`);
  if (segments[0]?.text === RESERVED_SEGMENT)
    throw new TypeError(`"${pattern}" begins with "${RESERVED_SEGMENT}", which is for the nodes themselves`);
  if (new Set(names).size !== names.length) throw new TypeError(`"${pattern}" names a parameter twice`);
  const taken = Object.keys(definition.events).find(isReservedEventType);
  if (taken !== undefined)
    throw new TypeError(`No event can be called "${taken}": a subscription tells of that itself`);
  return { pattern, delivery: definition.delivery, events: definition.events };
}

/**
 * The name of one channel of a family.
 *
 * @throws TypeError when a parameter is missing, is not one segment of a channel name, or makes `_millrace` the first one.
 * @publicApi
 */
export function channelName<C extends ChannelContract>(contract: C, params: ParamsOf<C>): ChannelName {
  const values: Readonly<Record<string, string | undefined>> = params;
  const name = segmentsOf(contract.pattern)
    .map(({ text, param }, index) => {
      if (param === undefined) return text;
      const value = values[param];
      const isReserved = index === 0 && value === RESERVED_SEGMENT;
      if (typeof value === 'string' && isChannelSegment(value) && !isReserved) return value;
      throw new TypeError(`Parameter "${param}" of channel "${contract.pattern}" is not a name segment`);
    })
    .join('.');
  if (!isChannelName(name)) throw new TypeError(`"${name.slice(0, 64)}…" is too long for a channel name`);
  return name;
}

/** The parameters with which `contract` names `name`, or `undefined` when it is not of that family. @publicApi */
export function matchChannel<C extends ChannelContract>(contract: C, name: ChannelName): ParamsOf<C> | undefined {
  const expected = segmentsOf(contract.pattern);
  const actual = name.split('.');
  if (actual.length !== expected.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, { text, param }] of expected.entries()) {
    const value = actual[index] ?? '';
    if (param !== undefined) {
      if (index === 0 && value === RESERVED_SEGMENT) return undefined;
      params[param] = value;
    } else if (text !== value) return undefined;
  }
  return params as ParamsOf<C>;
}

/** Channels of the nodes themselves begin with it. */
const RESERVED_SEGMENT = '_millrace';

function segmentsOf(pattern: string): { text: string; param?: string }[] {
  return pattern.split('.').map((text) => (text.startsWith(':') ? { text, param: text.slice(1) } : { text }));
}
