/** What `@Command()` leaves on a method. */
export interface CommandMetadata {
  readonly name: string;
  readonly deadlineMs?: number;
  readonly transaction?: boolean;
}

export const GATEWAY_METADATA = 'millrace:gateway';
export const COMMAND_METADATA = 'millrace:command';

export function commandMetadata(method: object): CommandMetadata | undefined {
  return Reflect.getMetadata(COMMAND_METADATA, method) as CommandMetadata | undefined;
}

export function isGateway(target: object): boolean {
  return Reflect.hasMetadata(GATEWAY_METADATA, target);
}
