export { DEFAULT_PATH, NAMESPACE, PROTOCOL_VERSION } from './version.js';
export { decodePosition, encodePosition } from './position.js';
export type { Epoch, Offset, Position, PositionToken } from './position.js';
export { isChannelName, isChannelSegment } from './channel-name.js';
export type { ChannelName } from './channel-name.js';
export { channelName, defineChannel, event, isReservedEventType, matchChannel } from './channel-contract.js';
export type {
  ChannelContract,
  ChannelParams,
  Delivery,
  EventContract,
  EventContracts,
  EventData,
  EventType,
  NoReservedEvents,
  ParamNames,
  ParamsOf,
} from './channel-contract.js';
export { defineCommand, isCommandName } from './command-contract.js';
export type { CommandContract, CommandInput, CommandResult } from './command-contract.js';
export { tokenFaults } from './error-reasons.js';
export type { TokenFault } from './error-reasons.js';
export { errors, wireError } from './errors.js';
export type { CommandOutcome, ErrorCode, ErrorEntry, FieldError, RetryPolicy, WireError } from './errors.js';
export type { Answer, Refusal } from './frames/answer.js';
export type { AuthenticateAnswer, AuthenticateFrame } from './frames/authenticate.js';
export type { CommandAnswer, CommandFrame } from './frames/command.js';
export type { ControlFrame, FrameLimits } from './frames/control.js';
export type { EventsFrame, LiveFrame, WireEvent } from './frames/events.js';
export type { Handshake } from './frames/handshake.js';
export type { HistoryAnswer, HistoryFrame } from './frames/history.js';
export type { PingFrame } from './frames/ping.js';
export type {
  SubscribeAnswer,
  SubscribeAnswers,
  SubscribeFrame,
  SubscribeItem,
  UnrecoverableReason,
  UnsubscribeFrame,
} from './frames/subscribe.js';
export { unfaithfulValue } from './unfaithful-value.js';
export type { UnfaithfulValue } from './unfaithful-value.js';
