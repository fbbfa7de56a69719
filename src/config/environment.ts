import type { VariableName } from './variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment or the arguments ask for something that is not possible. The message names it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** An empty variable is one that is not set: that is how shells and compose files leave one out. */
export function text(environment: Environment, name: VariableName): string | undefined {
  return environment[name] === '' ? undefined : environment[name];
}

/** A secret that was given, if long enough to be one. */
export function secret(environment: Environment, name: VariableName): string | undefined {
  const value = text(environment, name);
  if (value === undefined || Buffer.byteLength(value) >= MIN_SECRET_BYTES) return value;
  throw new ConfigError(`${name} is too short for a secret: it needs at least ${MIN_SECRET_BYTES} bytes`);
}

const MIN_SECRET_BYTES = 32;
