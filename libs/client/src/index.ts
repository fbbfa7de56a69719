export { createClient } from './client.js';
export type { Client, SendArguments, SubscribeOptions } from './client.js';
export type { ClientOptions } from './client.options.js';
export type { ConnectionState } from './connection/connection-state.js';
export type { Environment, TabStore } from './environment/environment.port.js';
export type { HistoryEvent, HistoryOptions, HistoryPage } from './history.js';
export { RealtimeError } from './realtime-error.js';
export type { SendOptions } from './request/send.options.js';
export type { PositionStorage } from './subscription/position-storage.js';
export type { DiscontinuityReason, SubscriptionStatus } from './subscription/subscription-state.js';
export type { Discontinuity, EventMeta, LoopEvent, Recovery, Subscription } from './subscription/subscription.js';
export type { TokenFunction, TokenRequest } from './token/token-source.js';
export type {
  ClientFrameName,
  Link,
  LinkListener,
  LinkTarget,
  ServerFrame,
  Transport,
} from './transport/transport.port.js';
export { channelName, defineChannel, defineCommand, event } from '@millrace/protocol';
export type {
  ChannelContract,
  CommandContract,
  CommandInput,
  CommandOutcome,
  CommandResult,
  EventData,
  EventType,
  ParamsOf,
  PositionToken,
  RetryPolicy,
  WireError,
} from '@millrace/protocol';
